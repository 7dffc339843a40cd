import { after, before, describe } from 'node:test';
import { startTestServer, type TestServer } from '../harness/index.ts';
import type { Stage } from '../isolation/matrix.ts';
import { becomesNobody, connected, matrix, type Assertion } from './assertions.ts';
import { openLab } from '../isolation/lab.ts';
import { mutations, type Inspection } from './mutation.ts';

// Roles belong to the cluster, so this file breaks one of its own.
let server: TestServer;
let lab: Stage;
before(async () => {
  server = await startTestServer();
  lab = await openLab(server);
});
after(async () => {
  await lab.database.drop();
  await server.stop();
});

const { mutation } = mutations(() => lab);
const inspection: Inspection = 'unsafe_roles';
const sees: Assertion = matrix({
  roles: ['app'],
  contexts: ['own', 'none'],
  tables: ['lab.note'],
  operations: /^(select|count)$/,
});

/** The application can make nothing: no schema, no table, no temporary table. */
const makesNothing: Assertion = (stage) =>
  connected(stage, 'app', async (client) => {
    const problems: string[] = [];
    for (const statement of [
      'create schema made',
      'create table lab.made ()',
      'create temporary table made ()',
      'create role made',
    ]) {
      const refused = await client.query(statement).then(
        () => false,
        (error: { code?: string }) => error.code === '42501',
      );
      if (!refused) problems.push(statement);
    }
    return problems;
  });

const holdsNoAttribute: Assertion = (stage) =>
  connected(stage, 'app', async (client) => {
    const { rows } = await client.query<{ problem: string }>(`
      select attribute as problem from pg_roles, lateral (values ('superuser', rolsuper), ('bypassrls', rolbypassrls),
        ('replication', rolreplication), ('createrole', rolcreaterole), ('createdb', rolcreatedb)) v (attribute, held)
      where rolname = current_user and held`);
    return rows.map(({ problem }) => problem);
  });

const setsNothing: Assertion = (stage) =>
  connected(stage, 'app', (client) =>
    client.query('set session_replication_role = replica').then(
      () => ['session_replication_role is settable'],
      () => [],
    ),
  );

describe('T-2 ISO-2 roles: the matrix and the inspection turn red when the application', () => {
  mutation('bypasses row-level security', {
    break: 'alter role bulkhead_app bypassrls',
    mend: 'alter role bulkhead_app nobypassrls',
    assertion: sees,
    inspection,
  });
  mutation('is a superuser', {
    break: 'alter role bulkhead_app superuser',
    mend: 'alter role bulkhead_app nosuperuser',
    assertion: sees,
    inspection,
  });
  mutation('may become the owner', {
    break: 'grant bulkhead_owner to bulkhead_app',
    mend: 'revoke bulkhead_owner from bulkhead_app',
    assertion: becomesNobody,
    inspection,
  });
  mutation('may become the worker', {
    break: 'grant bulkhead_worker to bulkhead_app',
    mend: 'revoke bulkhead_worker from bulkhead_app',
    assertion: becomesNobody,
    inspection,
  });
  mutation('may become, by way of another role, somebody who bypasses row-level security', {
    break:
      'create role between; create role around bypassrls; grant around to between; grant between to bulkhead_app',
    mend: 'drop role between; drop role around',
    assertion: becomesNobody,
    inspection,
  });
  mutation('may make roles', {
    break: 'alter role bulkhead_app createrole',
    mend: 'drop role if exists made; alter role bulkhead_app nocreaterole',
    assertion: makesNothing,
    inspection,
  });
  mutation('may make tables', {
    break: 'grant create on schema lab to bulkhead_app',
    assertion: makesNothing,
    inspection,
  });
  mutation('may make schemas', {
    break: `do $$ begin execute format('grant create on database %I to bulkhead_app', current_database()); end $$`,
    assertion: makesNothing,
    inspection,
  });
  mutation('may make temporary tables', {
    break: `do $$ begin execute format('grant temporary on database %I to public', current_database()); end $$`,
    assertion: makesNothing,
    inspection,
  });
  mutation('reads all tables, the keys among them', {
    break: 'grant pg_read_all_data to bulkhead_app',
    mend: 'revoke pg_read_all_data from bulkhead_app',
    assertion: becomesNobody,
    inspection,
  });
  mutation('may copy the whole cluster', {
    break: 'alter role bulkhead_app replication',
    mend: 'alter role bulkhead_app noreplication',
    assertion: holdsNoAttribute,
    inspection,
  });
  mutation('may make databases', {
    break: 'alter role bulkhead_app createdb',
    mend: 'alter role bulkhead_app nocreatedb',
    assertion: holdsNoAttribute,
    inspection,
  });
  mutation('may put its triggers and foreign keys to rest', {
    break: 'grant set on parameter session_replication_role to bulkhead_app',
    mend: 'revoke set on parameter session_replication_role from bulkhead_app',
    assertion: setsNothing,
    inspection,
  });
  mutation('begins with its triggers and foreign keys at rest', {
    break: 'alter role bulkhead_app set session_replication_role = replica',
    mend: 'alter role bulkhead_app reset session_replication_role',
    assertion: matrix({ roles: ['app'], contexts: ['own'], tables: ['lab.label'], operations: /^refer/ }),
    inspection,
  });
  mutation('begins with deleted rows in sight', {
    break: `alter role bulkhead_app set bulkhead.deleted = 'visible'`,
    mend: 'alter role bulkhead_app reset bulkhead.deleted',
    assertion: sees,
    inspection,
  });
});
