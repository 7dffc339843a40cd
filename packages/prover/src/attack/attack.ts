import pg from 'pg';
import { readCatalog } from '../catalog/read.ts';
import type { Catalog, Unseen } from '../catalog/types.ts';
import type { AttackResult, Cell } from '../findings.ts';
import type { TenantModel } from '../model/types.ts';
import { Arena, type Limits } from './arena.ts';
import { readBounds } from './bounds.ts';
import { cellOf, inArena, seederOf, type Campaign } from './campaign.ts';
import { relationAttacks } from './attacks/index.ts';
import type { Identity } from './identity.ts';
import { choosePowers, loginOf, type RoleChoice } from './roles.ts';
import { setScene } from './scene.ts';
import { attackDefiner, attackView } from './objects.ts';
import { readDefiners } from './routines.ts';
import { readRights, targetsOf } from './targets.ts';
import { attackFresh, attackResidue, attackStale } from './session.ts';
import { labelOf } from './sql.ts';
import { inconclusive } from './verdict.ts';
import { chooseTenants, type TenantSource } from './tenants.ts';
import { readDangers } from './triggers.ts';
import type { Side, Target } from './types.ts';

export { AttackError } from './roles.ts';

export type AttackOptions = Limits &
  RoleChoice &
  TenantSource & {
    /** a connection of the attack's own, outside any transaction; left so */
    client: pg.Client;
    model: TenantModel;
    /** opens a further connection like `client`, by way of the same pooler; default: with the client's own parameters */
    connect?: () => Promise<pg.Client>;
    /** default: read from the database */
    catalog?: Catalog;
    /** told before each relation */
    progress?: (done: number, total: number, name: string) => void;
    /** ends the attack between two relations, with what there is */
    signal?: AbortSignal;
  };

/**
 * Attacks every tenant table of a database, and the partitions, children and views on them, as the application's role.
 * Every table has a transaction of its own that is rolled back. A cell is refused only when the other tenant's row was
 * there to be had and our own was visible, or when Postgres named a policy or privilege.
 *
 * @throws AttackError when the connection or the options do not let it begin
 * @throws Error of `pg` when the connection is lost
 */
export async function attack(options: AttackOptions): Promise<AttackResult> {
  const { client, model } = options;
  const catalog = options.catalog ?? (await readCatalog(client));
  const powers = choosePowers(catalog, model, options);
  const worlds = await chooseTenants(catalog, model, { powers, source: options });
  const arena = new Arena(client, options);
  const rights = await inArena(arena, () => readRights(arena, powers.roles.ours));
  const bounds = await inArena(arena, () => readBounds(arena));
  const targets = targetsOf(catalog, model, rights);
  const worldsOf = (tenants: Record<Side, string>) =>
    chooseTenants(catalog, model, { powers, source: { ...options, tenants } });
  const campaign: Campaign = {
    ...plan(catalog, model, targets),
    catalog,
    model,
    powers,
    worlds,
    arena,
    rights,
    bounds,
    defaults: new Map(),
    dangers: readDangers(catalog),
    worldsOf,
  };
  const unseen = [...catalog.unseen, ...unseenIn(campaign)];
  const cells = await attackRelations(campaign, { options, targets, unseen });
  if (options.signal?.aborted !== true) cells.push(...(await attackOthers(campaign, options)));
  if (targets.length === 0)
    unseen.push({ what: 'tables', why: 'no table was found whose rows belong to tenants' });
  return {
    role: powers.roles.ours,
    tenants: { ours: worlds.ours.values.text, theirs: worlds.theirs.values.text },
    cells,
    unseen,
    notes: powers.notes,
  };
}

/** Tables that nobody could say about whose their rows are, and a role that may touch nothing. */
function unseenIn({ model, relations, rights, powers }: Campaign): Unseen[] {
  const unknown = model.unresolved.map(({ relationId, why }) => {
    const relation = relations.get(relationId);
    return { what: relation === undefined ? relationId : labelOf(relation), why };
  });
  const idle = [...rights.values()].every(
    ({ select, insert, update, delete: remove }) => select.size + insert.size + update.size === 0 && !remove,
  );
  return idle
    ? [
        ...unknown,
        {
          what: `role ${powers.roles.ours}`,
          why: 'it holds no privilege on any table, so is it the role the application runs as?',
        },
      ]
    : unknown;
}

type Round = { options: AttackOptions; targets: readonly Target[]; unseen: Unseen[] };

async function attackRelations(campaign: Campaign, { options, targets, unseen }: Round): Promise<Cell[]> {
  const { arena } = campaign;
  const cells: Cell[] = [];
  const second = await connecting(options)();
  try {
    const apart = { ...campaign, arena: new Arena(second, options) };
    for (const [done, target] of targets.entries()) {
      if (options.signal?.aborted === true) {
        unseen.push({
          what: `${targets.length - done} relations`,
          why: 'the attack was ended before they were reached',
        });
        break;
      }
      options.progress?.(done, targets.length, target.label);
      const work = target.column === null || target.relation.kind === 'm' ? attackView : attackTarget;
      cells.push(...(await inArena(arena, () => work(campaign, target))));
      const fresh = await attackFresh(apart, target);
      if (fresh !== null) cells.push(fresh);
    }
  } finally {
    await second.end();
  }
  return cells;
}

/** Functions, and what sessions hand on. */
async function attackOthers(campaign: Campaign, options: AttackOptions): Promise<Cell[]> {
  const { arena, powers } = campaign;
  const cells: Cell[] = [];
  for (const definer of await inArena(arena, () => readDefiners(arena, powers.roles.ours, campaign))) {
    if (options.signal?.aborted === true) return cells;
    cells.push(...(await inArena(arena, () => attackDefiner(campaign, definer))));
  }
  return [
    ...cells,
    await attackStale(campaign, options.client),
    await attackResidue(campaign, connecting(options)),
  ];
}

/** Further connections like the first. */
function connecting({ client, connect }: AttackOptions): () => Promise<pg.Client> {
  return (
    connect ??
    (async () => {
      const { host, port, user, password, database, ssl } = client;
      const other = new pg.Client({
        host,
        port,
        ssl,
        ...(user && { user }),
        ...(database && { database }),
        ...(password && { password }),
      });
      await other.connect();
      return other;
    })
  );
}

function plan(
  catalog: Catalog,
  model: TenantModel,
  targets: readonly Target[],
): Pick<Campaign, 'relations' | 'tables'> {
  const tables = new Map(model.tables.map((table) => [table.relationId, table]));
  for (const { kind, relation, column, via } of targets) {
    if (kind !== 'child' || column === null || tables.has(relation.id)) continue;
    tables.set(relation.id, { relationId: relation.id, column: column.name, via, origin: 'inferred' });
  }
  return { relations: new Map(catalog.relations.map((relation) => [relation.id, relation])), tables };
}

async function attackTarget(campaign: Campaign, target: Target): Promise<Cell[]> {
  const { worlds, tables, model } = campaign;
  const { seeder, next } = seederOf(campaign);
  const tenantTables = new Set(tables.keys());
  const anonymous = anonymousOf(campaign);
  const scene = await setScene({ ...campaign, seeder, target, tenantTables, model, anonymous, next, worlds });
  const cells: Cell[] = [];
  for (const each of relationAttacks) {
    if (!each.kinds.includes(target.kind) || target.column === null) continue;
    const danger = each.writes ? campaign.dangers.get(target.base.id) : undefined;
    const conclusion = danger === undefined ? await each.run(scene) : inconclusive(danger);
    cells.push(cellOf(campaign, { label: target.label, attack: each, conclusion }));
  }
  return cells;
}

function anonymousOf({ model, powers, worlds, catalog }: Campaign): Identity | null {
  const names = ['anon', 'web_anon'].filter(
    (each) =>
      each !== powers.roles.ours &&
      catalog.roles.some((role) => role.name === each) &&
      (model.applicationRoles.includes(each) || model.preset === 'supabase'),
  );
  // Roles are the cluster's: one of them may belong to another database.
  const name =
    names.find((each) =>
      catalog.relations.some(({ grants }) => grants.some(({ grantee }) => grantee === each)),
    ) ?? names[0];
  if (name === undefined || !powers.takesRole) return null;
  const { settings } = worlds.ours.identity;
  const login = powers.superuser
    ? loginOf(new Map(catalog.roles.map((role) => [role.name, role])), name)
    : null;
  return {
    login,
    role: name,
    settings: settings.map(([setting]) => [
      setting,
      setting.endsWith('claims') ? JSON.stringify({ role: name }) : '',
    ]),
  };
}
