import { ContextSealer, TenantPool } from '@bulkhead/kernel';
import { connectionOf, type Config } from '@bulkhead/server';
import { CommandFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import type { DataFolder } from '../data-folder/dataFolder.ts';
import { withIdentity } from '../identity/withIdentity.ts';
import { importNamed } from '../up/modules.ts';
import { readDemoState, writeDemoState } from './progressNote.ts';
import { seedAccounts, type SeededTenant } from './seedAccounts.ts';

/** What a module's `demo` entry point exports as `seedDemo`, to fill the demo's tenants with its data. */
export type ModuleSeed = (options: { db: TenantPool; tenants: readonly SeededTenant[] }) => Promise<void>;

export type DemoRequest = { readonly modules: readonly string[]; readonly folder: string };

/** The module's own demo data, where it brings some. */
async function moduleSeed(specifier: string, folder: string): Promise<ModuleSeed | undefined> {
  if (specifier.startsWith('.') || specifier.startsWith('/')) return undefined;
  const { seedDemo } = await importNamed(`${specifier}/demo`, folder);
  return typeof seedDemo === 'function' ? (seedDemo as ModuleSeed) : undefined;
}

/**
 * Fills a fresh database with the demo: accounts, tenants, companies, and each module's data. Done once;
 * a later call finds the note of the first and does nothing.
 *
 * @throws CommandFailure when an earlier attempt was cut off in a database that holds other data too
 */
export async function seedDemo(
  request: DemoRequest,
  config: Pick<Config, 'database' | 'context'>,
  { folder, terminal }: { readonly folder: DataFolder; readonly terminal: Terminal },
): Promise<void> {
  const state = await readDemoState(folder.path);
  if (state === 'done') return;
  if (state !== 'none') {
    throw new CommandFailure(
      'demo_unfinished',
      'An earlier start was cut off while it made the demo’s data.',
      {
        hint: 'Start again with --reset to make it anew. That removes everything in this data folder’s database.',
      },
    );
  }
  const seeds = await Promise.all(request.modules.map((name) => moduleSeed(name, request.folder)));
  terminal.progress('Making the demo: three tenants with a year of books …');
  await writeDemoState(folder.path, folder.fresh ? 'seeding' : 'seeding-beside-other-data');
  const { database, context } = config;
  const db = new TenantPool({
    connection: { ...connectionOf(database, 'app'), max: 6 },
    sealer: new ContextSealer({ key: { id: context.keyId, secret: context.key } }),
  });
  try {
    const tenants = await withIdentity(config, (identity) => seedAccounts({ identity, db }));
    for (const seed of seeds) await seed?.({ db, tenants });
  } finally {
    await db.close();
  }
  await writeDemoState(folder.path, 'done');
}
