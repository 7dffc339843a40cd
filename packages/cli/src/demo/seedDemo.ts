import { ContextSealer, TenantPool } from '@bulkhead/kernel';
import { connectionOf } from '@bulkhead/server';
import { CommandFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import type { DataFolder } from '../data-folder/dataFolder.ts';
import type { DatabaseConfig } from '../database/openDatabase.ts';
import { withIdentity } from '../identity/withIdentity.ts';
import { castDemo } from './cast.ts';
import { loadModuleDemo, type ModuleDemo } from './moduleDemo.ts';
import { readDemoState, writeDemoState } from './progressNote.ts';
import { seedAccounts, type SeededTenant } from './seedAccounts.ts';

/** Each company's books, side by side: they know nothing of one another. */
async function seedCompanies(
  db: TenantPool,
  demo: ModuleDemo,
  tenants: readonly SeededTenant[],
): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  const works = tenants.flatMap((tenant) => {
    const plans = demo.demoTenants.find(({ name }) => name === tenant.name)?.companies ?? [];
    return plans.map(async (plan) => {
      const company = tenant.companies.find(({ name }) => name === plan.name);
      if (company === undefined) throw new Error(`${tenant.name} has no company ${plan.name}`);
      const actor = { kind: 'account', id: tenant.ownerAccountId } as const;
      await demo.seedBooks(db.as({ tenant: tenant.id, company: company.id, actor }), plan, { today });
    });
  });
  await Promise.all(works);
}

/**
 * Fills a fresh database with the demo: accounts, tenants, companies and a year of books. Done once;
 * a later call finds the note of the first and does nothing.
 *
 * @throws CommandFailure when an earlier attempt was cut off in a database that holds other data too
 */
export async function seedDemo(
  request: { readonly folder: string },
  config: DatabaseConfig,
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
  const demo = await loadModuleDemo(request.folder);
  terminal.progress('Making the demo: three tenants with a year of books …');
  await writeDemoState(folder.path, folder.fresh ? 'seeding' : 'seeding-beside-other-data');
  const { database, context } = config;
  const db = new TenantPool({
    connection: { ...connectionOf(database, 'app'), max: 6 },
    sealer: new ContextSealer({ key: { id: context.keyId, secret: context.key } }),
  });
  try {
    const cast = castDemo(demo.demoTenants);
    const tenants = await withIdentity(config, (identity) => seedAccounts({ identity, db }, cast));
    await seedCompanies(db, demo, tenants);
  } finally {
    await db.close();
  }
  await writeDemoState(folder.path, 'done');
}
