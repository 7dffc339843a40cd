import { all, b, folders, stacked, type Attack } from './attack.ts';

/** Conditions, unions, stacked statements. */
export const classic: Attack[] = [
  { name: 'a condition that is always true', hole: 'where', input: `' or true --`, expected: 'rows 4' },
  {
    name: 'a condition on another tenant',
    hole: 'where',
    input: `' or tenant_id = '${b}' --`,
    expected: 'rows 0',
  },
  {
    name: 'union with another table',
    hole: 'where',
    input: `' union select id, tenant_id, code from lab.folder --`,
    expected: 'rows 6',
  },
  {
    name: 'union with the audit entries',
    hole: 'where',
    input: `' union all select null, tenant_id, after::text from bulkhead.audit_entry --`,
    expected: 'rows 0',
  },
  {
    name: 'union with the keys',
    hole: 'where',
    input: `' union select null, null, encode(inner_pad, 'hex') from bulkhead.context_key --`,
    expected: '42501',
  },
  {
    name: 'union with the registry',
    hole: 'where',
    input: `' union select null, null, reason from bulkhead.registered_table --`,
    expected: '42501',
  },
  {
    name: 'union with stored statistics',
    hole: 'where',
    input: `' union select null, null, most_common_vals::text from pg_stats where schemaname = 'lab' --`,
    expected: 'rows 0',
  },
  {
    name: 'union with raw statistics',
    hole: 'where',
    input: `' union select null, null, stavalues1::text from pg_statistic --`,
    expected: '42501',
  },
  {
    name: 'union with others’ statements',
    hole: 'where',
    input: `' union select null, null, query from pg_stat_activity --`,
    expected: '42501',
  },
  {
    name: 'union with others’ locks',
    hole: 'where',
    input: `' union select null, null, mode from pg_locks --`,
    expected: '42501',
  },
  {
    name: 'an error that quotes a value',
    hole: 'where',
    input: `' or code::integer > 0 --`,
    expected: '22P02',
  },
  {
    name: 'a division that would tell what a row holds',
    hole: 'where',
    input: `' or 1 / (case when code like 'secret%' then 0 else 1 end) = 1 --`,
    expected: 'rows 4',
  },
  {
    name: 'a subquery in ORDER BY',
    hole: 'order by',
    input: `(select code from lab.note where tenant_id = '${b}' limit 1)`,
    expected: 'rows 4',
  },
  {
    name: 'a stacked statement in ORDER BY',
    hole: 'order by',
    input: `1; ${all} where tenant_id = '${b}'`,
    expected: 'rows 0',
  },
  {
    name: 'another tenant in INSERT',
    hole: 'insert',
    input: `x'), ('y'); insert into lab.folder (tenant_id, code) values ('${b}', 'planted') --`,
    expected: '42501',
  },
  {
    name: 'a subquery in INSERT',
    hole: 'insert',
    input: `' || (select coalesce(string_agg(code, ','), 'none') from lab.folder where tenant_id = '${b}')) returning code --`,
    expected: 'rows 1',
  },
  {
    name: 'a row of long ago in INSERT',
    hole: 'insert',
    input: `x'); insert into lab.folder (code, created_at) values ('old', '2001-01-01') --`,
    expected: '42501',
  },
  {
    name: 'two statements beside a parameter (T-20)',
    hole: 'parameter',
    input: `x'; ${all} --`,
    expected: '42601',
  },
  stacked('a stacked read', all, 'rows 4'),
  stacked(
    'a stacked update of everything',
    `update lab.note set code = code returning tenant_id, code`,
    'rows 4',
  ),
  stacked('a stacked move to another tenant', `update lab.note set tenant_id = '${b}'`, '42501'),
  stacked('a stacked delete of everything', `delete from lab.note`, '42501'),
  stacked(
    'a stacked delete where deleting is allowed',
    `delete from lab.label returning tenant_id, code`,
    'rows 4',
  ),
  stacked('a stacked truncate', `truncate lab.note cascade`, '42501'),
  stacked('a stacked commit, and then no context', `commit; ${all}`, 'rows 0'),
  stacked('a stacked rollback, and then no context', `rollback; ${folders}`, 'rows 0'),
  stacked(
    'a partition of another tenant',
    `select * from lab.event_0 union all select * from lab.event_1`,
    '42501',
  ),
];
