import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import pg from 'pg';
import {
  bootstrapSql,
  kernelLine,
  migrate,
  readMigrations,
  type MigrationLine,
} from '../../packages/kernel/src/migrate.ts';
import type { TestServer } from './server.ts';

/** `empty` has the roles and rights of a new database; `kernel` adds the kernel; `full` platform and books. */
export type TemplateName = 'empty' | 'kernel' | 'full';

const root = new URL('../../', import.meta.url);
const lines: Record<TemplateName, MigrationLine[]> = {
  empty: [],
  kernel: [kernelLine],
  full: [
    kernelLine,
    { line: 'platform', folder: new URL('packages/platform/sql/', root) },
    { line: 'books', folder: new URL('apps/books/sql/', root) },
  ].filter(({ folder }) => existsSync(folder)),
};

/** Name of the migrated database to clone, made by whichever test process needs it first. */
export async function templateDatabase(server: TestServer, template: TemplateName): Promise<string> {
  const name = `template_${template}_${await fingerprint(template)}`;
  const admin = new pg.Client(server.admin);
  await admin.connect();
  try {
    await admin.query(`select pg_advisory_lock(hashtextextended('bulkhead.test.template', 0))`);
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 0) await build(server, { admin, name, template });
    return name;
  } finally {
    await admin.end();
  }
}

async function fingerprint(template: TemplateName): Promise<string> {
  const { roles, database } = await bootstrapSql();
  const hash = createHash('sha256').update(roles).update(database);
  for (const { line, folder } of lines[template]) {
    for (const { checksum } of await readMigrations(folder)) hash.update(line).update(checksum);
  }
  return hash.digest('hex').slice(0, 12);
}

type Target = { admin: pg.Client; name: string; template: TemplateName };

async function build(server: TestServer, { admin, name, template }: Target): Promise<void> {
  const unfinished = `${name}_unfinished`;
  await setUpRoles(server, admin);
  await admin.query(`drop database if exists ${unfinished} with (force)`);
  await admin.query(`create database ${unfinished} template template0`);
  await openDatabase(server, unfinished);
  const owner = new pg.Client({ ...server.admin, user: 'bulkhead_owner', database: unfinished });
  await owner.connect();
  try {
    for (const line of lines[template]) await migrate(owner, line);
  } finally {
    await owner.end();
  }
  await admin.query(`alter database ${unfinished} rename to ${name}`);
}

/** Every role of the throw-away server has the administrator's password. */
async function setUpRoles(server: TestServer, admin: pg.Client): Promise<void> {
  const { roles } = await bootstrapSql();
  await admin.query(roles);
  for (const role of ['owner', 'app', 'identity', 'worker', 'auditor']) {
    await admin.query(`alter role bulkhead_${role} password ${pg.escapeLiteral(server.admin.password)}`);
  }
}

/** Rights on a database are not part of what a clone copies, so that each clone needs this. */
export async function openDatabase(server: TestServer, name: string): Promise<void> {
  const { database } = await bootstrapSql();
  const admin = new pg.Client({ ...server.admin, database: name });
  await admin.connect();
  try {
    await admin.query(database);
  } finally {
    await admin.end();
  }
}
