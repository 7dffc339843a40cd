/** Reading, exporting and erasing what a tenant's audit entries say. */
export type { Entry } from './entry.ts';
export { eraseSubject, listErasures, type Erasure } from './erase.ts';
export { exportEntries, type ExportFormat, type ExportOptions } from './export.ts';
export type { EntryFilter } from './filter.ts';
export { listEntries, type EntryList, type EntryPage, type FoundEntries } from './list.ts';
export { tailEntries, type Tail, type TailBatch, type TailOptions } from './tail.ts';
export { listViews, removeView, saveView, type View } from './view.ts';
