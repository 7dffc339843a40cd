import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { attack, type AttackOptions } from '../../packages/prover/src/attack/attack.ts';
import { readCatalog } from '../../packages/prover/src/catalog/read.ts';
import type { AttackResult } from '../../packages/prover/src/findings.ts';
import { createTestDatabase, ownTestServer, type Connection, type TestDatabase } from '../harness/index.ts';
import { controlOf, type Control } from './control.ts';

const folder = new URL('fixtures/controls/', import.meta.url);

/** Every control, in the order of names. */
export function readControls(): Control[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()
    .map((name) => controlOf(name.replace('.sql', ''), readFileSync(new URL(name, folder), 'utf8')));
}

/** A database with a control's schema, and a connection of its superuser. */
export async function build(control: Control): Promise<{ database: TestDatabase; client: pg.Client }> {
  const database = await createTestDatabase({ template: control.template, server: await ownTestServer() });
  const client = new pg.Client(database.connections.superuser);
  await client.connect();
  try {
    await client.query(
      control.roles
        .map(
          (name) =>
            `do $$ begin create role ${name} login password 'control'; exception when duplicate_object or unique_violation then null; end $$`,
        )
        .join('; '),
    );
    const roles = control.roles.join(', ');
    await client.query(
      `grant connect on database ${database.name} to ${roles}; grant usage on schema public to ${roles}`,
    );
    await client.query(control.sql);
  } catch (error) {
    await tear({ database, client });
    throw error;
  }
  return { database, client };
}

export async function tear({ database, client }: Awaited<ReturnType<typeof build>>): Promise<void> {
  await client.end();
  await database.drop();
}

/** Attacks a control as its superuser, or with other options. */
export async function attackControl(
  control: Control,
  client: pg.Client,
  options: Partial<AttackOptions> & { database?: TestDatabase } = {},
): Promise<AttackResult> {
  const { database, ...rest } = options;
  const catalog = options.catalog ?? (await readCatalog(client));
  const sealed = database !== undefined && control.template === 'kernel' ? { seal: sealOf(database) } : {};
  return attack({ client, catalog, model: control.model(catalog), ...sealed, ...rest });
}

/** Contexts of an account of each tenant. */
export function sealOf({ sealer }: TestDatabase): (tenant: string) => string {
  return (tenant) => sealer.seal({ tenant, actor: { kind: 'account', id: tenant } });
}

/** Pastes a script into psql; all that it prints. */
export function paste(connection: Connection, script: string): Promise<{ output: string; errors: string }> {
  const { host, port, user, password, database } = connection;
  const child = spawn('psql', ['-X', '-P', 'pager=off'], {
    env: {
      ...process.env,
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: user,
      PGPASSWORD: password,
      PGDATABASE: database,
    },
  });
  const texts = { output: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.errors += text));
  child.stdin.end(script);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(texts));
  });
}

/** What the database holds: rows of every table and values of every sequence, but for the one that audit's trigger draws from. */
export async function fingerprint(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string; kind: string }>(
    `select oid::regclass::text as name, relkind as kind from pg_class
    where relkind in ('r', 'S', 'm') and relname <> 'audit_entry_id_seq' and relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'pg_toast'::regnamespace) order by 1`,
  );
  const parts: string[] = [];
  for (const { name, kind } of rows) {
    const select =
      kind === 'S'
        ? 'last_value::text || is_called'
        : `coalesce(md5(string_agg(x::text, ',' order by x::text)), '')`;
    const { rows: sums } = await client.query<{ sum: string }>(`select ${select} as sum from ${name} x`);
    parts.push(`${name} ${sums[0]?.sum}`);
  }
  return parts.join('\n');
}
