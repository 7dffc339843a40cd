import type { Relation } from '../catalog/types.ts';
import type { TenantModel } from '../model/types.ts';
import { Arena } from './arena.ts';
import { existingRow, existingTenants } from './existing.ts';
import { becomeSql, type Identity, type World } from './identity.ts';
import { numberOf, type Outcome } from './outcome.ts';
import type { Powers } from './roles.ts';
import type { Seeder } from './seed.ts';
import { belongs, tenantOf } from './statement.ts';
import { identifier, labelOf } from './sql.ts';
import type { Row, Scene, Side, Target } from './types.ts';

export type SceneSource = {
  arena: Arena;
  seeder: Seeder;
  target: Target;
  worlds: Readonly<Record<Side, World>>;
  relations: ReadonlyMap<string, Relation>;
  tenantTables: ReadonlySet<string>;
  model: TenantModel;
  powers: Powers;
  anonymous: Identity | null;
  bounds: ReadonlyMap<string, Row>;
  /** identities of tenants that the data has */
  worldsOf: (tenants: Record<Side, string>) => Promise<Record<Side, World>>;
  next: () => number;
};

/** Makes both tenants' rows, or finds some, and finds out whether they can be seen by whoever should. */
export async function setScene(given: SceneSource): Promise<Scene> {
  const { arena, seeder, target } = given;
  const made = { theirs: await makeRow(given, 'theirs'), ours: await makeRow(given, 'ours') };
  const found = made.theirs === null ? await find(given) : null;
  const source = found === null ? given : { ...given, worlds: found.worlds };
  const rows = found?.rows ?? made;
  const { worlds } = source;
  await makeParents(source);
  await arena.mark();
  const scene: Scene = {
    ...source,
    rows,
    trouble: seeder.troubles.at(-1) ?? null,
    run: (steps) => arena.trial(steps),
    oursVisible: memo(async () => {
      const own = await arena.trial([becomeSql(worlds.ours.identity), present(scene, 'ours', target.label)]);
      return own.outcome;
    }),
    theirsExists: false,
    oursCount: 0,
    as: (side) => becomeSql(worlds[side].identity),
    asOwner: (side) =>
      source.powers.exempt ? Arena.leaving(worlds[side].identity) : becomeSql(worlds[side].identity),
    become: becomeSql,
    parent: (relationId, side) => seeder.made(relationId, side),
    reachable: source.powers.reachable,
    placed: new Set(Object.keys(source.bounds.get(target.base.id) ?? {})),
    superuser: source.powers.superuser,
  };
  return { ...scene, theirsExists: await exists(scene, source), oursCount: await countOurs(scene, source) };
}

/** Tenants of the data, where the table takes no row of new ones. */
async function find({
  arena,
  target,
  powers,
  worldsOf,
}: SceneSource): Promise<Pick<Scene, 'rows' | 'worlds'> | null> {
  const tenants = powers.exempt ? await existingTenants(arena, target) : null;
  if (tenants === null) return null;
  const worlds = await worldsOf(tenants);
  const rows = {
    ours: await existingRow(arena, target, worlds.ours),
    theirs: await existingRow(arena, target, worlds.theirs),
  };
  return { worlds, rows };
}

async function makeRow({ seeder, target }: SceneSource, side: Side): Promise<Row | null> {
  if (target.via.kind === 'membership') await seeder.membership(target.via, side);
  return seeder.row(target.base.id, side);
}

/** Both tenants' rows in the tables that the target refers to, for attacks across references. */
async function makeParents({ seeder, target, tenantTables }: SceneSource): Promise<void> {
  for (const { parentId } of target.base.foreignKeys) {
    if (!tenantTables.has(parentId)) continue;
    await seeder.row(parentId, 'ours');
    await seeder.row(parentId, 'theirs');
  }
}

const present = (scene: Scene, side: Side, label: string): string =>
  scene.target.column === null
    ? `select 1 from ${label} limit 1`
    : `select 1 from ${label} where ${belongs(scene, side)} limit 1`;

/** The control of every refusal: seen past the policies by the connection's own role, or by the other tenant itself. */
async function exists(scene: Scene, { arena, powers }: SceneSource): Promise<boolean> {
  const label = scene.target.kind === 'view' ? labelOf(scene.target.base) : scene.target.label;
  const query = present(scene, 'theirs', label);
  const ways = [...(powers.exempt ? [[query]] : []), [scene.as('theirs'), query]];
  for (const way of ways) {
    const { outcome } = await arena.trial(way);
    if (outcome.kind === 'rows' && outcome.count > 0) return true;
  }
  // A row of theirs that nobody may read was still taken by the table.
  return scene.rows.theirs !== null;
}

async function countOurs(scene: Scene, { arena, powers }: SceneSource): Promise<number> {
  const { target } = scene;
  if (target.column === null) return 0;
  const query = `select count(*) from ${target.label} where ${identifier(target.column.name)} = ${tenantOf(scene, 'ours')}`;
  const counts: number[] = [];
  for (const way of [...(powers.exempt ? [[query]] : []), [scene.as('ours'), query]]) {
    const { outcome } = await arena.trial(way);
    if (outcome.kind === 'rows') counts.push(numberOf(outcome));
  }
  return Math.max(0, ...counts, scene.rows.ours === null ? 0 : 1);
}

function memo(make: () => Promise<Outcome>): () => Promise<Outcome> {
  let made: Promise<Outcome> | undefined;
  return () => (made ??= make());
}
