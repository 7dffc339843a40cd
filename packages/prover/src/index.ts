export { readCatalog } from './catalog/read.ts';
export type { Catalog } from './catalog/types.ts';
export type * from './findings.ts';
export type { ModelSettings } from './model/settings.ts';
export type { IdentityCarrier, Preset, TenantModel } from './model/types.ts';
export { rules } from './rules/index.ts';
export type { Rule } from './rules/rule.ts';
export { scan, type Scan, type ScanOptions } from './scan.ts';
