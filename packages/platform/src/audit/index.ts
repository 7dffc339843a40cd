/** Reading a tenant's audit entries. */
export { listEntries, type Entry, type EntryFilter, type EntryList, type EntryPage } from './list.ts';
