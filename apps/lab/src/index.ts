export { openLab, type OpenedLab, type OpenLabOptions } from './open.ts';
export { createLab, type LabOptions } from './lab.ts';
export type { Secrets } from './attempt/foreign.ts';
export { fillSecrets, type LabRow } from './prepare/fill.ts';
export { makePlainCopy, plainRole, type PlainCopyOptions } from './prepare/plainCopy.ts';
