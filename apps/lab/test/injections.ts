/**
 * What visitors type. Each is run against both targets: no other tenant's secret may come out of the protected table.
 * `leaks`: whether the copy behind a plain setting gives it away; `sealed`: what the protected table answers.
 */
export type Injection = {
  name: string;
  text: string;
  /** own, none, stopped, or a SQLSTATE */
  sealed: string;
  leaks: boolean;
};

const lateral = (settings: string, from: string): string =>
  `' union all select s.title, s.secret from (select ${settings} as x offset 0) c, lateral (${from}) s --`;
const again = 'select title, secret from lab.secret where c.x is not null offset 0';
const context = "current_setting('bulkhead.context', true)";

/** @param ours the visitor's tenant @param theirs the tenant whose secret is the prize */
// oxlint-disable-next-line eslint/max-lines-per-function -- one table of texts
export function injections(ours: string, theirs: string): Injection[] {
  const rewritten = `replace(${context}, '${ours}', '${theirs}')`;
  const plainly = (tenant: string): string => `set_config('app.tenant', '${tenant}', true)`;
  return [
    { name: 'a tautology', text: "' or true --", sealed: 'own', leaks: false },
    { name: 'a tautology without a comment', text: "' or 'a' like '", sealed: 'own', leaks: false },
    {
      name: 'the other tenant by name',
      text: `' or tenant_id = '${theirs}' --`,
      sealed: 'own',
      leaks: false,
    },
    { name: 'a negated filter', text: `' or tenant_id <> '${ours}' --`, sealed: 'own', leaks: false },
    {
      name: 'a union of the table',
      text: "' union all select title, secret from lab.secret --",
      sealed: 'own',
      leaks: false,
    },
    { name: 'a nested block comment', text: "' or/**/true/*", sealed: '42601', leaks: false },
    { name: 'a dollar quote', text: "' or secret like $$flag%$$ --", sealed: 'own', leaks: false },
    { name: 'a plain setting rewritten', text: lateral(plainly(theirs), again), sealed: 'own', leaks: true },
    {
      name: 'a plain setting rewritten row by row',
      text: `' and ${plainly(theirs)} is not null union all select title, secret from lab.secret --`,
      sealed: 'own',
      leaks: true,
    },
    {
      name: 'the tenant in the context replaced',
      text: lateral(`set_config('bulkhead.context', ${rewritten}, true)`, again),
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'the context made up',
      text: lateral(
        `set_config('bulkhead.context', 'bh1.00000000.9999999999.${theirs}.*.account.${theirs}.-.${'0'.repeat(64)}', true)`,
        again,
      ),
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'the context cut off',
      text: lateral(`set_config('bulkhead.context', left(${context}, -1), true)`, again),
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'the context dropped',
      text: lateral("set_config('bulkhead.context', '', true)", again),
      sealed: 'own',
      leaks: false,
    },
    {
      name: 'the expiry put off',
      text: lateral(
        `set_config('bulkhead.context', replace(${context}, split_part(${context}, '.', 3), '9999999999'), true)`,
        again,
      ),
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'the company widened',
      text: lateral(
        `set_config('bulkhead.context', replace(${context}, 'account', 'operator'), true)`,
        again,
      ),
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'the sealing key',
      text: "' union select id, encode(inner_pad, 'hex') from bulkhead.context_key --",
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'row security switched off',
      text: lateral("set_config('row_security', 'off', true)", again),
      sealed: 'own',
      leaks: false,
    },
    {
      name: 'the owner’s role',
      text: lateral("set_config('role', 'bulkhead_owner', true)", again),
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'a session authorization',
      text: lateral("set_config('session_authorization', 'bulkhead_owner', true)", again),
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'deleted rows made visible',
      text: lateral("set_config('bulkhead.deleted', 'visible', true)", again),
      sealed: 'own',
      leaks: false,
    },
    {
      name: 'SQL in a function',
      text: `' union all select 'x', query_to_xml('select set_config(''app.tenant'', ''${theirs}'', true); select * from lab.secret', true, false, '')::text --`,
      sealed: 'own',
      leaks: true,
    },
    {
      name: 'a whole schema as XML',
      text: "' union all select 'x', schema_to_xml('lab', true, false, '')::text --",
      sealed: 'own',
      leaks: false,
    },
    {
      name: 'the whole database as XML',
      text: "' union all select 'x', table_to_xml('lab.secret', true, false, '')::text --",
      sealed: 'own',
      leaks: false,
    },
    {
      name: 'an error that tells',
      text: `' and 1 = (select secret::integer from lab.secret where tenant_id = '${theirs}') --`,
      sealed: 'none',
      leaks: false,
    },
    {
      name: 'an error that tells, by a leaky operator',
      text: `' or 1 / (case when tenant_id = '${theirs}' then 0 else 1 end) = 7 --`,
      sealed: 'own',
      leaks: false,
    },
    {
      name: 'a count of everything',
      text: "' union all select 'count', count(*)::text from lab.secret --",
      sealed: 'own',
      leaks: false,
    },
    {
      name: 'the statistics',
      text: "' union all select attname, most_common_vals::text from pg_stats where tablename = 'secret' --",
      sealed: 'own',
      leaks: false,
    },
    {
      name: 'a file of the server',
      text: "' union all select 'file', pg_read_file('pg_hba.conf') --",
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'a program of the server',
      text: "'; copy lab.secret to program 'id' --",
      sealed: '42601',
      leaks: false,
    },
    {
      name: 'a second statement',
      text: "'; update lab.secret set secret = 'mine' --",
      sealed: '42601',
      leaks: false,
    },
    { name: 'a commit', text: "'; commit; select * from lab.secret --", sealed: '42601', leaks: false },
    {
      name: 'a write inside a union',
      text: "' union all (with gone as (delete from lab.secret returning *) select title, secret from gone) --",
      sealed: '0A000',
      leaks: false,
    },
    {
      name: 'password hashes',
      text: "' union all select account_id::text, hash from identity.password --",
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'roles and their passwords',
      text: "' union all select rolname, rolpassword from pg_authid --",
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'what others run',
      text: "' union all select usename, query from pg_stat_activity --",
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'large objects',
      text: "' union all select 'lo', lo_from_bytea(0, 'x')::text --",
      sealed: '42501',
      leaks: false,
    },
    {
      name: 'another connection',
      text: "' union all select 'x', dblink('host=127.0.0.1', 'select 1')::text --",
      sealed: '42883',
      leaks: false,
    },
    {
      name: 'half a minute of sleep',
      text: "' union all select 'x', pg_sleep(30)::text --",
      sealed: '57014',
      leaks: false,
    },
    {
      name: 'sleep with the time limit lifted',
      text: "' union all select set_config('statement_timeout', '0', true), pg_sleep(30)::text --",
      sealed: '57014',
      leaks: false,
    },
    {
      name: 'an answer without end',
      text: "' union all select 'x', repeat('x', 100000) from generate_series(1, 40) --",
      sealed: 'stopped',
      leaks: false,
    },
    { name: 'a broken quote', text: "'", sealed: '42601', leaks: false },
  ];
}
