import type { ForeignKey, Key, Relation } from '../catalog/types.ts';
import { nameOf, quoted } from '../parse/facts.ts';
import {
  applying,
  type Applying,
  privilegesOf,
  tableObject,
  ownTablesOf,
  type Rule,
  type Subject,
  type Violation,
} from './rule.ts';

export const crossingKey: Rule = {
  id: 'BH060',
  severity: 'medium',
  title: 'A foreign key reaches across tenants',
  explanation:
    'Foreign keys are checked without policies. Unless a policy’s WITH CHECK looks the parent up, a key that leaves the tenant column out accepts another tenant’s row as the parent, and its refusal tells which keys exist; with ON DELETE CASCADE or SET NULL, deleting a parent changes the other tenant’s rows.',
  remedy:
    'Make both keys begin with the tenant column: (tenant_id, parent_id) references parent (tenant_id, id).',
  cites: ['T-10', 'https://www.postgresql.org/docs/current/ddl-rowsecurity.html'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter(
        (table) =>
          subject.tenantTables.has(table.id) && privilegesOf(subject, table, ['insert', 'update']).length > 0,
      )
      .flatMap((table) => table.foreignKeys.flatMap((key) => crossing(subject, table, key))),
};

function crossing(subject: Subject, child: Relation, key: ForeignKey): Violation[] {
  const parent = subject.facts.lookup.relation(key.parentId);
  const own = subject.tenantTables.get(child.id)?.column;
  const theirs = subject.tenantTables.get(key.parentId)?.column;
  if (parent === undefined || own === undefined || theirs === undefined) return [];
  const paired = key.columns.some(
    (column, place) => column === own && [theirs, own].includes(key.parentColumns[place] ?? ''),
  );
  // Tables confined by different things, a user's and a team's, cannot share a key.
  const comparable = own === theirs || parent.columns.some(({ name }) => name === own);
  if (paired || !comparable || (key.columns.length === 1 && key.columns[0] === own)) return [];
  if (isChecked(subject, child, key)) return [];
  const changes = ['cascade', 'set null', 'set default'].includes(key.onDelete);
  const columns = [own, ...key.columns].map(quoted).join(', ');
  const parents = [theirs, ...key.parentColumns].map(quoted).join(', ');
  return [
    {
      object: tableObject(child),
      message: `Foreign key ${key.name} to ${nameOf(parent)} leaves ${own} out${changes ? `, and deleting the parent does ${key.onDelete}` : ''}.`,
      fix: `alter table ${nameOf(parent)} add unique (${parents});\nalter table ${nameOf(child)} drop constraint ${quoted(key.name)}, add constraint ${quoted(key.name)} foreign key (${columns}) references ${nameOf(parent)} (${parents})${key.onDelete === 'no action' ? '' : ` on delete ${key.onDelete}`};`,
      severity: changes ? 'high' : 'medium',
      detail: key.name,
    },
  ];
}

/** Whether every policy for writing requires that the parent be one that its own policies show. */
function isChecked(subject: Subject, child: Relation, key: ForeignKey): boolean {
  const checks = (['insert', 'update'] as const).flatMap((command) => applying(subject, child, command));
  const confirms = ({ check }: Applying): boolean =>
    check?.parts.every(({ confinements }) =>
      confinements.some(
        ({ column, relations }) => key.columns.includes(column) && relations.includes(key.parentId),
      ),
    ) === true;
  const restrictive = checks.filter(({ policy }) => !policy.permissive);
  const permissive = checks.filter(({ policy }) => policy.permissive);
  return restrictive.some(confirms) || (permissive.length > 0 && permissive.every(confirms));
}

export const tellingUnique: Rule = {
  id: 'BH062',
  severity: 'medium',
  title: 'Uniqueness across tenants tells what others have',
  explanation:
    'Unique and exclusion constraints are checked without policies: an insert refused with 23505 tells that some other tenant has the address, name or number, and ON CONFLICT DO NOTHING tells it silently. Keys of random uuids and keys that the database numbers itself cannot be asked about so, and are not reported.',
  remedy: 'Put the tenant column into the key.',
  cites: ['T-11'],
  check: (subject) =>
    ownTablesOf(subject)
      .filter(
        (table) =>
          subject.tenantTables.has(table.id) && privilegesOf(subject, table, ['insert', 'update']).length > 0,
      )
      .flatMap((table) => {
        const column = subject.tenantTables.get(table.id)?.column ?? '';
        return table.keys
          .filter((key) => !key.columns.includes(column) && tells(table, key))
          .map((key) => ({
            object: tableObject(table),
            message: `${key.kind === 'exclusion' ? 'Exclusion constraint' : 'Key'} ${key.name} (${key.columns.join(', ')}) leaves ${column} out.`,
            fix: scopedKey(table, key, column),
            detail: key.name,
          }));
      }),
};

function tells(table: Relation, key: Key): boolean {
  const columns = key.columns.map((name) => table.columns.find((column) => column.name === name));
  if (columns.every((column) => column?.baseType === 'uuid')) return false;
  const numbered = columns.every(
    (column) =>
      column !== undefined &&
      (column.identity !== null || (column.defaultExpression ?? '').startsWith('nextval(')),
  );
  const drawn = columns.every((column) =>
    /random|uuid|token|nanoid|ulid/i.test(column?.defaultExpression ?? ''),
  );
  return !numbered && !drawn;
}

/** SQL that puts the tenant column before a key's own; null for a primary key, which others may reference. */
function scopedKey(table: Relation, key: Key, tenant: string): string | null {
  if (key.kind !== 'unique') return null;
  const isColumn = (name: string): boolean => table.columns.some((column) => column.name === name);
  const columns = [tenant, ...key.columns]
    .map((name) => (isColumn(name) ? quoted(name) : `(${name})`))
    .join(', ');
  if (!key.bare) {
    return `alter table ${nameOf(table)} drop constraint ${quoted(key.name)}, add constraint ${quoted(key.name)} unique (${columns});`;
  }
  const where = key.predicate === null ? '' : ` where ${key.predicate}`;
  return `drop index ${nameOf({ ...table, name: key.name })};\ncreate unique index ${quoted(key.name)} on ${nameOf(table)} (${columns})${where};`;
}
