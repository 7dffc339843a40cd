import { createHmac } from 'node:crypto';
import pg from 'pg';
import { ContextSealer } from '../../packages/kernel/src/context.ts';
import type { TestDatabase } from '../harness/index.ts';
import { readTables, type Table } from './catalog.ts';
import type { RoleName, Scene } from './expectation.ts';
import { trialsOf } from './operations.ts';
import { attemptAll, installAttempt, privilegeRefused, type Outcome } from './outcome.ts';
import type { Trial } from './trial.ts';
import type { Samples } from './rows.ts';
import { seedWorlds, type Seeded } from './seed.ts';
import { contextToken, type ContextName, type Sealers } from './worlds.ts';

export type Cell = Trial & { table: string; role: RoleName; context: ContextName; outcome: Outcome };

/** A database with rows of every world in every registered table. */
export type Stage = {
  database: TestDatabase;
  tables: Table[];
  seeded: Seeded;
  samples: Samples;
  sealers: Sealers;
};

export type StageOptions = {
  samples?: Samples;
  /** what must be there before rows are, run as the superuser */
  prepare?: (superuser: pg.Client) => Promise<void>;
};

export async function setStage(
  database: TestDatabase,
  { samples = {}, prepare }: StageOptions = {},
): Promise<Stage> {
  const superuser = new pg.Client(database.connections.superuser);
  await superuser.connect();
  try {
    await installAttempt(superuser);
    await prepare?.(superuser);
    const tables = await readTables(superuser);
    const seeded = await seedWorlds(superuser, tables, samples);
    await superuser.query('analyze');
    return { database, tables, seeded, samples, sealers: sealersOf(database) };
  } finally {
    await superuser.end();
  }
}

export function sealersOf({ key, sealer }: TestDatabase): Sealers {
  const mac = (payload: string): string => createHmac('sha256', key.secret).update(payload).digest('hex');
  return {
    sealer,
    sign: (payload) => `${payload}.${mac(payload)}`,
    past: new ContextSealer({ key, clock: () => Date.now() - 3_600_000 }),
    foreign: new ContextSealer({ key: { id: key.id, secret: new Uint8Array(32).fill(7) } }),
  };
}

export type Selection = {
  roles?: readonly RoleName[];
  contexts?: readonly ContextName[];
  tables?: readonly string[];
  operations?: RegExp;
};

/** A role without any right is refused before its context is read: with and without one is enough. */
const contextsOf: Readonly<Record<RoleName, readonly ContextName[]>> = {
  app: [
    'own',
    'allCompanies',
    'none',
    'empty',
    'forged',
    'foreignSeal',
    'truncated',
    'garbage',
    'otherVersion',
    'expired',
  ],
  owner: ['own', 'allCompanies', 'none', 'forged', 'expired'],
  identity: ['own', 'none'],
  worker: ['own', 'none'],
  auditor: ['own', 'none'],
};

/** Runs the cells selected, by default all, and answers each with its outcome. Nothing stays changed. */
export async function runMatrix(stage: Stage, selection: Selection = {}): Promise<Cell[]> {
  const roles = selection.roles ?? (['app', 'owner', 'identity', 'worker', 'auditor'] as const);
  const cells: Cell[] = [];
  for (const role of roles) {
    const client = new pg.Client(stage.database.connections[role]);
    await client.connect();
    try {
      for (const context of selection.contexts ?? contextsOf[role]) {
        cells.push(...(await runScenes(client, { stage, role, context, selection })));
      }
    } finally {
      await client.end();
    }
  }
  return cells;
}

type Run = { stage: Stage; role: RoleName; context: ContextName; selection: Selection };

async function runScenes(client: pg.Client, { stage, role, context, selection }: Run): Promise<Cell[]> {
  const trials = stage.tables
    .filter(({ label }) => selection.tables?.includes(label) ?? true)
    .flatMap((table) => {
      const scene: Scene = { table, role, context, seeded: stage.seeded, sample: stage.samples[table.label] };
      const found = table.treatment === 'protected' ? withoutNarrowReads(scene) : plainTrials(scene);
      return found.map((trial) => ({ ...trial, table: table.label, role, context }));
    })
    .filter(({ operation }) => selection.operations?.test(operation) ?? true);
  const token = contextToken(context, stage.sealers);
  const outcomes = await attemptAll(
    client,
    token,
    trials.map(({ sql }) => sql),
  );
  return trials.map((trial, at) => ({ ...trial, outcome: outcomes[at] ?? 'nothing' }));
}

const reads = /^(select|count|aggregate|join|exists|union)$/;

function withoutNarrowReads(scene: Scene): Trial[] {
  const reader = scene.sample?.readers?.includes(scene.role) ?? false;
  return trialsOf(scene).filter(({ operation }) => !reader || !reads.test(operation));
}

/** Shared tables can be read and nothing else, exempt ones nothing; the roles that own or serve them are not at issue. */
function plainTrials({ table, role, sample }: Scene): Trial[] {
  if (role === 'owner' || role === 'identity' || (sample?.readers?.includes(role) ?? false)) return [];
  const { label } = table;
  const column = table.columns[0]?.name ?? '';
  const mayRead = role === 'app' && table.treatment === 'shared';
  const statements = {
    insert: `insert into ${label} default values`,
    update: `update ${label} set ${column} = default`,
    delete: `delete from ${label}`,
    truncate: `truncate ${label}`,
    lock: `select from ${label} for update`,
    'lock table': `lock table ${label} in access exclusive mode`,
  };
  const expected = mayRead ? 'value true' : privilegeRefused;
  return [
    { operation: 'select', target: 'all', sql: `?select count(*) > 0 from ${label}`, expected },
    ...Object.entries(statements).map(([operation, sql]) => ({
      operation,
      target: 'all',
      sql,
      expected: privilegeRefused,
    })),
  ];
}

/** The cells that did not come out as they must, one line each. */
export function mismatches(cells: readonly Cell[]): string[] {
  return cells
    .filter(({ outcome, expected }) => outcome !== expected)
    .map(
      (cell) =>
        `${cell.role}, ${cell.context} context, ${cell.table}: ${cell.operation} → ${cell.target}: ${cell.outcome}, must be ${cell.expected}\n    ${cell.sql.slice(0, 300)}`,
    );
}
