import type { TenantSession } from '@bulkhead/kernel';
import { CommandFailure } from '../command-line/failure.ts';
import { importNamed } from '../up/modules.ts';
import type { PlannedTenant } from './cast.ts';

/** The module whose books the demo shows. */
export const demoModule = '@bulkhead/books';

/** What the module's `demo` entry point brings. */
export type ModuleDemo = {
  readonly demoTenants: readonly PlannedTenant[];
  /** Fills one company, in one transaction. `today` is `YYYY-MM-DD`. */
  readonly seedBooks: (
    session: TenantSession,
    company: { name: string },
    options: { today: string },
  ) => Promise<unknown>;
};

/**
 * Loads the demo of the module.
 *
 * @param folder absolute; packages are first looked for here
 * @throws CommandFailure when it is not installed
 */
export async function loadModuleDemo(folder: string): Promise<ModuleDemo> {
  const { demoTenants, seedBooks } = await importNamed(`${demoModule}/demo`, folder);
  if (Array.isArray(demoTenants) && typeof seedBooks === 'function') {
    return { demoTenants, seedBooks: seedBooks as ModuleDemo['seedBooks'] };
  }
  throw new CommandFailure('module_not_loaded', `${demoModule}/demo brings no demo of this version.`);
}
