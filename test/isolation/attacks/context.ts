import { worlds } from '../worlds.ts';
import { all, b, script, set, stacked, type Attack, type Tokens } from './attack.ts';

/** The context: other tokens, and the same one at other times. */
export const context = (tokens: Tokens): Attack[] => [
  ...presented(tokens),
  ...flips(tokens.forged, 'under a forged context'),
  ...flips('', 'under none'),
];

const presented = ({ own, forged, foreign, expired }: Tokens): Attack[] => [
  stacked('a forged context', `select ${set(forged)}; ${all}`, '42501'),
  stacked('a context sealed with another key', `select ${set(foreign)}; ${all}`, '42501'),
  stacked('a context that has expired', `select ${set(expired)}; ${all}`, '42501'),
  stacked('no context', `select ${set('')}; ${all}`, 'rows 0'),
  stacked('a tenant’s id instead of a context', `select ${set(b)}; ${all}`, '42501'),
  stacked(
    'the own seal under another tenant',
    `select ${set(own.replaceAll(worlds.own.tenant, b))}; ${all}`,
    '42501',
  ),
  stacked('the own context for the rest of the session', `select ${set(own, false)}; ${all}`, 'rows 4'),
  stacked('SET instead of set_config', `set bulkhead.context = '${forged}'; ${all}`, '42501'),
  stacked('SET LOCAL instead of set_config', `set local bulkhead.context = '${forged}'; ${all}`, '42501'),
  stacked('RESET of the context', `reset bulkhead.context; ${all}`, 'rows 0'),
  stacked('RESET ALL', `reset all; ${all}`, 'rows 0'),
  stacked('DISCARD ALL', `discard all`, '25001'),
  stacked('DISCARD ALL outside of the transaction', `commit; discard all`, '25001'),
  stacked(
    'the setting’s catalog',
    `update pg_settings set setting = '${forged}' where name = 'bulkhead.context'; ${all}`,
    'rows 4',
  ),
  script(
    'a context forged before any row is read',
    `${all} where (select ${set(forged)}) is not null`,
    '42501',
  ),
];

/**
 * T-19: the context changed inside one statement, before, between and after the policies read it. A policy reads it
 * once for each table, as late as the plan allows; what was read under the true context stays the own tenant's.
 */
function flips(token: string, name: string): Attack[] {
  const [read, changed] = token === '' ? ['rows 0', '42501'] : ['42501', '42501'];
  const flip = (where: string, sql: string, expected = read): Attack =>
    script(`flipped in ${where}, ${name}`, sql, expected);
  return [
    flip('WHERE', `${all} where ${set(token)} is not null`),
    flip('a subselect of WHERE', `${all} where (select ${set(token)}) is not null`),
    flip('a CTE that comes first', `with flip as materialized (select ${set(token)}) ${all}, flip`),
    flip('a join', `select n.tenant_id, n.code from (select ${set(token)} as x offset 0) f, lab.note n`),
    flip(
      'the middle of a join',
      `select n.code, f.code from lab.note n, lateral (select ${set(token)} offset 0) s, lab.folder f`,
    ),
    // The first row is out by then; whether the others still are depends on where the plan asks for a context.
    flip('the select list', `select ${set(token)}, tenant_id, code from lab.note`, 'rows 4 or rows 1'),
    flip('LIMIT', `${all} limit (select case when ${set(token)} is null then 1 else 9 end)`),
    flip('RETURNING', `update lab.folder set code = code returning ${set(token)}, tenant_id, code`, changed),
    flip(
      'a value that is inserted',
      `insert into lab.folder (code) values (${set(token)}) returning tenant_id, code`,
      changed,
    ),
    flip(
      'a value that is set',
      `update lab.folder set code = code || coalesce(left(${set(token)}, 0), '')`,
      changed,
    ),
  ];
}
