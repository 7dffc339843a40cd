export { defineModule } from './module.ts';
export type { Account, Module, ModuleContext, ModuleError, ModuleRole } from './module.ts';
