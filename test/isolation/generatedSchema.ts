/** A schema of many tables of all three scopes that refer to each other, the same for the same seed. */

/** Numbers in [0, limit), Tommy Ettinger's mulberry32. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * limit);
  };
}

type Plan = {
  name: string;
  scope: string;
  composite: boolean;
  options: Record<string, unknown>;
  parents: Plan[];
};

const scopes = ['tenant', 'company', 'user'];
const extra: readonly (readonly [name: string, definition: string])[] = [
  ['title', 'text not null'],
  ['amount', 'numeric(12, 2) not null default 0'],
  ['quantity', 'integer not null check (quantity > 0)'],
  ['due_on', 'date not null'],
  ['settings', `jsonb not null default '{}'`],
  ['active', 'boolean not null'],
  ['tags', 'text[] not null'],
  ['mood', 'lab.mood not null'],
  ['payload', 'bytea'],
  ['doubled', 'integer generated always as (21 * 2) stored'],
];

/** Hard deletes only where nothing refers to the row, so that a delete is refused by the walls or not at all. */
function plan(count: number, random: (limit: number) => number): Plan[] {
  const plans: Plan[] = [];
  for (let n = 0; n < count; n += 1) {
    const parents = new Set<Plan>();
    for (let wanted = random(4); wanted > 0 && n > 0; wanted -= 1) {
      const parent = plans[random(n)];
      if (parent !== undefined) parents.add(parent);
    }
    const write = random(6) === 0 ? 'append' : random(12) === 0 ? 'none' : 'full';
    plans.push({
      name: `t${String(n).padStart(3, '0')}`,
      scope: scopes[n % 3] ?? 'tenant',
      composite: random(2) === 0,
      options: { write, delete: 'soft', immutable: random(3) === 0 ? ['title'] : [] },
      parents: [...parents],
    });
  }
  for (const each of plans) {
    const isParent = plans.some(({ parents }) => parents.includes(each));
    if (!isParent && random(2) === 0) each.options['delete'] = 'hard';
    else if (random(5) === 0) each.options['delete'] = 'none';
  }
  return plans;
}

function definition({ name, scope, composite, parents }: Plan, random: (limit: number) => number): string {
  const scopeColumn = scope === 'company' ? 'company_id' : scope === 'user' ? 'account_id' : undefined;
  const key = scopeColumn === undefined ? 'tenant_id' : `tenant_id, ${scopeColumn}`;
  const lines = [
    `id uuid not null default gen_random_uuid()${composite ? '' : ' primary key'}`,
    'tenant_id uuid not null default bulkhead.claimed_tenant_id()',
    ...(scopeColumn === undefined
      ? []
      : [`${scopeColumn} uuid not null default bulkhead.claimed_${scopeColumn}()`]),
    'created_at timestamptz not null default now()',
    'updated_at timestamptz not null default now()',
    'deleted_at timestamptz',
    'code text not null',
    ...extra.filter(([column]) => column === 'title' || random(3) > 0).map((column) => column.join(' ')),
    ...parents.map((parent) => `${parent.name}_id uuid${random(2) === 0 ? ' not null' : ''}`),
    ...(composite ? [`constraint ${name}_pkey primary key (tenant_id, id)`] : []),
    `constraint ${name}_code_unique unique (${key}, code)`,
  ];
  return `create table lab.${name} (\n  ${lines.join(',\n  ')}\n);`;
}

/** A reference to a plain key is left for protect_table to make composite; one to a composite key is written so. */
function reference(child: Plan, parent: Plan): string {
  const name = `${child.name}_${parent.name}_fkey`;
  const shared =
    child.scope === parent.scope ? (child.scope === 'company' ? 'company_id' : 'account_id') : undefined;
  const scope = ['tenant_id', ...(child.scope === 'tenant' || shared === undefined ? [] : [shared])];
  const columns = parent.composite ? [...scope, `${parent.name}_id`] : [`${parent.name}_id`];
  const parentColumns = parent.composite ? [...scope, 'id'] : ['id'];
  const key =
    parent.composite && scope.length > 1
      ? `alter table lab.${parent.name} add unique (${parentColumns.join(', ')});`
      : '';
  const needsKey = key !== '' && !keyed.has(parent);
  if (needsKey) keyed.add(parent);
  return `${needsKey ? key : ''}alter table lab.${child.name} add constraint ${name}
    foreign key (${columns.join(', ')}) references lab.${parent.name} (${parentColumns.join(', ')});`;
}

const keyed = new WeakSet<Plan>();

/** DDL to be run as the owner. Schema `lab`, tables `t000` and so on. */
export function generateSchema({ tables, seed }: { tables: number; seed: number }): string[] {
  const random = randomNumbers(seed);
  const plans = plan(tables, random);
  return [
    `create schema lab; create type lab.mood as enum ('calm', 'loud');
    grant usage on schema lab to bulkhead_app, bulkhead_identity, bulkhead_worker, bulkhead_auditor`,
    ...plans.map((each) => definition(each, random)),
    ...plans.flatMap((child) => child.parents.map((parent) => reference(child, parent))),
    ...plans.map(
      ({ name, scope, options }) =>
        `select bulkhead.protect_table('lab.${name}', '${scope}', '${JSON.stringify(options)}')`,
    ),
    `select bulkhead.guard_schema('lab')`,
  ];
}
