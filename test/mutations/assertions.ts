/**
 * What must hold, as functions that answer how it does not. Each is green on a sound database, and the mutation tests
 * show that each turns red when the control behind it is switched off.
 */
import pg from 'pg';
import type { RoleName } from '../harness/index.ts';
import { unregisteredTables } from '../isolation/catalog.ts';
import { mismatches, runMatrix, type Selection, type Stage } from '../isolation/matrix.ts';
import { quote } from '../isolation/rows.ts';
import { contextToken, worlds, type World } from '../isolation/worlds.ts';

export type Assertion = (stage: Stage) => Promise<string[]>;

export async function connected<T>(
  stage: Stage,
  role: RoleName,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(stage.database.connections[role]);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const setContext = (client: pg.Client, token = ''): Promise<unknown> =>
  client.query(`select set_config('bulkhead.context', $1, false)`, [token]);

const sealed = (stage: Stage, { tenant, company, account }: World): string =>
  stage.database.sealer.seal({ tenant, company, actor: { kind: 'account', id: account } });

/** The cells of the isolation matrix that the selection names. */
export const matrix =
  (selection: Selection): Assertion =>
  async (stage) =>
    mismatches(await runMatrix(stage, selection));

/** Every relation that the application can read, views and partitions too, shows it no row of another tenant. */
export const relationsShowOwnRows: Assertion = (stage) =>
  connected(stage, 'app', async (client) => {
    await setContext(client, contextToken('own', stage.sealers));
    const { rows } = await client.query<{ relation: string }>(`
      select c.oid::regclass::text as relation
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and has_schema_privilege(c.relnamespace, 'usage')
        and has_column_privilege(c.oid, a.attnum, 'select')`);
    const problems: string[] = [];
    for (const { relation } of rows) {
      const { rowCount } = await client.query(
        `select from ${relation} where tenant_id <> ${quote(worlds.own.tenant)}`,
      );
      if (rowCount !== 0) problems.push(`${relation} shows ${rowCount} rows of other tenants`);
    }
    return problems;
  });

/** An insert, an update and a removal each leave one entry, of the actor that the context names. */
export const changesAreAudited: Assertion = (stage) =>
  connected(stage, 'app', async (client) => {
    await client.query('begin');
    await setContext(client, contextToken('own', stage.sealers));
    const { rows } = await client.query<{ id: string }>(
      `insert into lab.folder (code) values ('audited') returning id`,
    );
    await client.query(`update lab.folder set code = 'changed' where code = 'audited'`);
    await client.query(`update lab.folder set deleted_at = now() where code = 'changed'`);
    const { rows: entries } = await client.query<{ entry: string }>(
      `select action || ' ' || actor_id as entry from bulkhead.audit_entry where target_id = $1 order by id`,
      [rows[0]?.id],
    );
    await client.query('rollback');
    const found = entries.map(({ entry }) => entry).join(', ');
    const wanted = ['insert', 'update', 'soft_delete']
      .map((action) => `${action} ${worlds.own.account}`)
      .join(', ');
    return found === wanted ? [] : [`the entries are: ${found}`];
  });

/** Nobody changes or removes entries, the superuser included, on the table or a partition of it. */
export const entriesAreAppendOnly: Assertion = (stage) =>
  connected(stage, 'superuser', async (client) => {
    const { rows } = await client.query<{ relation: string }>(`
      select 'bulkhead.audit_entry' as relation
      union all select i.inhrelid::regclass::text from pg_inherits i where i.inhparent = 'bulkhead.audit_entry'::regclass`);
    const problems: string[] = [];
    await client.query('begin');
    await setContext(client, contextToken('own', stage.sealers));
    await client.query(`select bulkhead.audit_event('lab.tried', 'lab')`);
    for (const { relation } of rows) {
      for (const change of [
        `update ${relation} set action = 'x'`,
        `delete from ${relation}`,
        `truncate ${relation}`,
      ]) {
        await client.query('savepoint s');
        const answer = await client.query(change).then(
          ({ rowCount }) => (rowCount === 0 ? 'refused' : 'done'),
          (error: { code?: string }) => (error.code === '42501' ? 'refused' : String(error.code)),
        );
        // A row trigger has nothing to refuse on a partition without rows; truncating has.
        if (answer !== 'refused') problems.push(`${change}: ${answer}`);
        await client.query('rollback to s');
      }
    }
    await client.query('rollback');
    return problems;
  });

/** A tenant reads its own entries, and neither another's nor a neighbouring company's. */
export const entriesShowOwn: Assertion = async (stage) => {
  await connected(stage, 'app', async (client) => {
    for (const world of [worlds.own, worlds.otherCompany, worlds.otherTenant]) {
      await setContext(client, sealed(stage, world));
      await client.query(`select bulkhead.audit_event('lab.seen', 'lab')`);
    }
  });
  return connected(stage, 'app', async (client) => {
    await setContext(client, contextToken('own', stage.sealers));
    const { rows } = await client.query<{ relation: string }>(`
      select c.oid::regclass::text as relation from pg_class c
      where c.relnamespace = 'bulkhead'::regnamespace and c.relkind in ('r', 'p', 'v') and c.relname like 'audit\\_%'
        and c.relname not in ('audit_chain', 'audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut',
          'audit_personal', 'audit_erasure', 'audit_verification', 'audit_anchoring')
        and has_table_privilege(c.oid, 'select')`);
    const problems: string[] = [];
    for (const { relation } of rows) {
      const { rows: seen } = await client.query<{ owner: string }>(
        `select distinct concat_ws('/', tenant_id, company_id) as owner from ${relation} where action = 'lab.seen'`,
      );
      const own = `${worlds.own.tenant}/${worlds.own.company}`;
      if (seen.map(({ owner }) => owner).join() !== own) {
        problems.push(`${relation} shows ${seen.map(({ owner }) => owner).join(' and ') || 'nothing'}`);
      }
    }
    return problems;
  });
};

/** No runtime role reaches a relation of the kernel but the audit entries. */
export const kernelIsClosed: Assertion = (stage) =>
  connected(stage, 'superuser', async (client) => {
    const { rows } = await client.query<{ problem: string }>(`
      select format('%s may %s on %s', r.rolname, p.privilege, c.oid::regclass) as problem
      from pg_roles r, pg_class c, unnest(array['select', 'insert', 'update', 'delete', 'truncate']) p (privilege)
      where r.rolname in ('bulkhead_app', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor')
        and c.relnamespace = 'bulkhead'::regnamespace and c.relkind in ('r', 'p', 'v')
        and has_table_privilege(r.oid, c.oid, p.privilege)
        and not (p.privilege = 'select' and c.relname in ('audit_entry', 'audit_log')
          and r.rolname in ('bulkhead_app', 'bulkhead_auditor'))
        and not (p.privilege = 'select' and c.relname in ('audit_chain', 'audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut',
            'audit_verification', 'audit_anchoring')
          and r.rolname in ('bulkhead_app', 'bulkhead_auditor', 'bulkhead_worker'))
        and not (p.privilege = 'select' and c.relname = 'audit_personal' and r.rolname in ('bulkhead_app', 'bulkhead_auditor'))
        and not (p.privilege = 'select' and c.relname = 'audit_erasure'
          and r.rolname in ('bulkhead_app', 'bulkhead_auditor', 'bulkhead_worker'))`);
    return rows.map(({ problem }) => problem);
  });

/** The application can become no other role, and hold no attribute that row-level security yields to. */
export const becomesNobody: Assertion = (stage) =>
  connected(stage, 'app', async (client) => {
    const { rows } = await client.query<{ role: string }>(
      `select quote_ident(rolname) as role from pg_roles where rolname <> current_user`,
    );
    const problems: string[] = [];
    for (const { role } of rows) {
      const done = await client.query(`set role ${role}`).then(
        () => true,
        (error: { code?: string }) => error.code !== '42501',
      );
      if (done) problems.push(`bulkhead_app becomes ${role}`);
      await client.query('reset role');
    }
    return problems;
  });

/** A role that no function was granted to can execute no function with its owner's rights. */
export const functionsAreClosed: Assertion = (stage) =>
  connected(stage, 'superuser', async (client) => {
    const { rows } = await client.query<{ problem: string }>(`
      select format('bulkhead_auditor may execute %s', p.oid::regprocedure) as problem
      from pg_proc p
      where p.prosecdef and has_function_privilege('bulkhead_auditor', p.oid, 'execute')
        and p.pronamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        and p.oid not in ('bulkhead.verified_context()'::regprocedure, 'bulkhead.audit_progress(uuid)'::regprocedure)`);
    return rows.map(({ problem }) => problem);
  });

/** Every function that the application can execute with its owner's rights shows only the own tenant's notes. */
export const functionsShowOwnRows: Assertion = (stage) =>
  connected(stage, 'app', async (client) => {
    await setContext(client, contextToken('own', stage.sealers));
    const { rows } = await client.query<{ call: string }>(`
      select format('%s()', p.oid::regproc) as call from pg_proc p
      where p.pronamespace = 'lab'::regnamespace and p.pronargs = 0 and has_function_privilege(p.oid, 'execute')`);
    const problems: string[] = [];
    for (const { call } of rows) {
      const { rows: answers } = await client.query<{ others: string }>(`select ${call} as others`);
      if (Number(answers[0]?.others) !== 0) problems.push(`${call} answers ${answers[0]?.others}`);
    }
    return problems;
  });

export const everyTableIsRegistered: Assertion = (stage) => connected(stage, 'superuser', unregisteredTables);

/** T-15: a generic plan made for one tenant serves the next with its own rows. */
export const plansFollowTheContext: Assertion = (stage) =>
  connected(stage, 'app', async (client) => {
    await client.query('set plan_cache_mode = force_generic_plan');
    await setContext(client, contextToken('own', stage.sealers));
    await client.query('prepare folders as select distinct tenant_id::text as tenant from lab.folder');
    await client.query('execute folders');
    await setContext(client, sealed(stage, worlds.otherTenant));
    const { rows } = await client.query<{ tenant: string }>('execute folders');
    const seen = rows.map(({ tenant }) => tenant).join();
    return seen === worlds.otherTenant.tenant ? [] : [`the other tenant's plan shows ${seen || 'nothing'}`];
  });
