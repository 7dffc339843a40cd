export { books } from './module.ts';
export { dataMap, type DataMapEntry } from './dataMap.ts';
export { permissions, roles, type Permission } from './roles.ts';
