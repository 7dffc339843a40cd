import { all, stacked, type Attack } from './attack.ts';

/** Roles and settings that would switch row-level security, triggers or name resolution. */
export const settings: Attack[] = [
  stacked('SET ROLE to the owner', 'set role bulkhead_owner', '42501'),
  stacked('SET ROLE to the superuser', 'set role postgres', '42501'),
  stacked('SET ROLE to the worker', 'set role bulkhead_worker', '42501'),
  stacked('role by set_config', `select set_config('role', 'bulkhead_owner', true)`, '42501'),
  stacked('RESET ROLE', `reset role; ${all}`, 'rows 4'),
  stacked('SET ROLE NONE', `set role none; ${all}`, 'rows 4'),
  stacked('SET SESSION AUTHORIZATION', 'set session authorization postgres', '42501'),
  stacked('RESET SESSION AUTHORIZATION', `reset session authorization; ${all}`, 'rows 4'),
  stacked('row_security off', `set row_security = off; ${all}`, '42501'),
  stacked(
    'row_security off by set_config',
    `select set_config('row_security', 'off', true); ${all}`,
    '42501',
  ),
  stacked('session_replication_role', 'set session_replication_role = replica', '42501'),
  stacked(
    'session_replication_role by set_config',
    `select set_config('session_replication_role', 'replica', true)`,
    '42501',
  ),
  stacked('search_path', `set search_path = pg_temp, lab, bulkhead; ${all}`, 'rows 4'),
  stacked('the library path', `set local_preload_libraries = 'x'`, 'rows 0'),
  stacked(
    'a session’s debugging output',
    `set debug_print_plan = on; set client_min_messages = debug5; ${all}`,
    'rows 4',
  ),
  stacked(
    'a cheap leaky function',
    `set enable_indexscan = off; set enable_bitmapscan = off; select 1 from lab.note where pg_catalog.pg_column_size(code) / 0 > 0`,
    '22012',
  ),
];
