import type { Catalog } from '../catalog/types.ts';
import type { Cell } from '../findings.ts';
import type { TenantModel, TenantTable } from '../model/types.ts';
import type { Arena } from './arena.ts';
import type { World } from './identity.ts';
import type { Powers } from './roles.ts';
import { reproduction } from './script.ts';
import { Seeder } from './seed.ts';
import type { Attack, Conclusion, Rights, Row, Side } from './types.ts';

/** What all attacks of one run share. */
export type Campaign = {
  catalog: Catalog;
  model: TenantModel;
  powers: Powers;
  worlds: Record<Side, World>;
  arena: Arena;
  rights: ReadonlyMap<string, Rights>;
  bounds: ReadonlyMap<string, Row>;
  /** what context functions in defaults answered to a side */
  defaults: Map<string, string | null>;
  /** tables that must not be written to, and why */
  dangers: ReadonlyMap<string, string>;
  /** identities of tenants that the data has */
  worldsOf: (tenants: Record<Side, string>) => Promise<Record<Side, World>>;
  relations: ReadonlyMap<string, Catalog['relations'][number]>;
  tables: ReadonlyMap<string, TenantTable>;
};

/** Makes rows for one transaction, with numbers of its own. */
export function seederOf(campaign: Campaign): { seeder: Seeder; next: () => number } {
  let count = 0;
  const next = (): number => (count += 1);
  const { exempt, superuser } = campaign.powers;
  return { seeder: new Seeder(campaign.arena, { ...campaign, exempt, superuser, next }), next };
}

/** One transaction, rolled back whatever happens. */
export async function inArena<T>(arena: Arena, work: () => Promise<T>): Promise<T> {
  await arena.begin();
  try {
    return await work();
  } finally {
    await arena.end();
  }
}

/** The cell of a conclusion, with its script when it is a leak. To be called before the transaction ends. */
export function cellOf(
  { arena, powers, catalog }: Campaign,
  {
    label,
    attack: { id, title },
    conclusion,
  }: { label: string; attack: Pick<Attack, 'id' | 'title'>; conclusion: Conclusion },
): Cell {
  const { verdict, evidence, reason, steps } = conclusion;
  const source = { target: { label }, title, connected: powers.connected, database: catalog.server.database };
  const script =
    verdict === 'leaked' && steps !== undefined
      ? reproduction({
          ...source,
          journal: conclusion.journal ?? arena.journal,
          steps,
          shows: evidence ?? '',
        })
      : null;
  return { table: label, attack: id, verdict, evidence, reason, reproduction: script };
}
