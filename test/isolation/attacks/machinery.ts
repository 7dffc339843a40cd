import { all, b, folders, set, stacked, type Attack, type Tokens } from './attack.ts';

/** Making things that would stay, or that would run with another's rights. */
export const making: Attack[] = [
  stacked('CREATE FUNCTION', `create function lab.f() returns int language sql as 'select 1'`, '42501'),
  stacked(
    'CREATE FUNCTION in pg_temp',
    `create function pg_temp.f() returns int language sql as 'select 1'`,
    '42501',
  ),
  stacked('CREATE TEMP TABLE', `create temp table stolen as ${all}`, '42501'),
  stacked('CREATE TABLE', `create table lab.stolen as ${all}`, '42501'),
  stacked('SELECT INTO', `select * into lab.stolen from lab.note`, '42501'),
  stacked('CREATE VIEW', `create view lab.stolen as ${all}`, '42501'),
  stacked('CREATE SCHEMA', 'create schema stolen', '42501'),
  stacked('CREATE EXTENSION', 'create extension plpgsql', '42710'),
  stacked('CREATE EXTENSION dblink', 'create extension dblink schema lab', '42501 or 0A000'),
  stacked('dblink', `select dblink('', '${all}')`, '42883'),
  stacked(
    'CREATE TRIGGER',
    `create trigger t before update on lab.note for each row execute function suppress_redundant_updates_trigger()`,
    '42501',
  ),
  stacked('CREATE RULE', `create rule r as on select to lab.note do instead ${folders}`, '42501'),
  stacked('CREATE POLICY', 'create policy p on lab.note using (true)', '42501'),
  stacked('ALTER TABLE', 'alter table lab.note disable row level security', '42501'),
  stacked('ALTER ROLE', 'alter role bulkhead_app bypassrls', '42501'),
  stacked('GRANT', 'grant bulkhead_owner to bulkhead_app', '42501'),
];

/** What Postgres can do besides reading tables. */
export const machinery: Attack[] = [
  stacked('COPY to a program', `copy lab.note to program 'cat'`, '42501'),
  stacked('COPY to a file', `copy lab.note to '/tmp/stolen'`, '42501'),
  stacked('COPY from a file', `copy lab.folder (code) from '/etc/passwd'`, '42501'),
  stacked('pg_read_file', `select pg_read_file('/etc/passwd')`, '42501'),
  stacked('pg_ls_dir', `select pg_ls_dir('.')`, '42501'),
  stacked('lo_import', `select lo_import('/etc/passwd')`, '42501'),
  stacked('a large object', `select lo_from_bytea(0, 'mailbox')`, '42501'),
  stacked(
    'others’ statements by process',
    `select pg_stat_get_backend_activity(b) from pg_stat_get_backend_idset() b`,
    '42501',
  ),
  stacked('cancelling others', `select pg_cancel_backend(pid) from generate_series(1, 99999) pid`, '42501'),
  stacked('ending others', `select pg_terminate_backend(pid) from generate_series(1, 99999) pid`, '42501'),
  stacked('how much others have', `select pg_relation_size('lab.note')`, '42501'),
  stacked('how much others write', `select pg_stat_get_tuples_inserted('lab.note'::regclass)`, '42501'),
  stacked('row versions by address', `select currtid2('lab.note', '(0,1)')`, '42501'),
  stacked(
    'a query inside a function',
    `select query_to_xml('${all.replaceAll("'", "''")}', true, true, '')`,
    'rows 1',
  ),
  stacked(
    'words of a query',
    `select * from ts_stat('select to_tsvector(code) from lab.note where tenant_id = ''${b}''')`,
    'rows 0',
  ),
  stacked(
    'a cursor that outlives the transaction',
    `declare kept cursor with hold for ${all}; commit; fetch all from kept`,
    'rows 4',
  ),
  stacked('locking a table', 'lock table lab.note in access exclusive mode', '42501'),
  stacked('a lock on rows of others', `${all} where tenant_id = '${b}' for update`, 'rows 0'),
  stacked(
    'merging into rows of others',
    `merge into lab.folder f using (select 1) s on f.tenant_id = '${b}' when matched then update set code = 'taken'`,
    'rows 0',
  ),
  stacked(
    'merging a row for others',
    `merge into lab.folder f using (select 1) s on false when not matched then insert (tenant_id, code) values ('${b}', 'planted')`,
    '42501',
  ),
  stacked(
    'an upsert onto others',
    `insert into lab.folder (tenant_id, id, code) select '${b}', gen_random_uuid(), 'x' on conflict (tenant_id, code) do update set code = 'taken'`,
    '42501',
  ),
];

/** The same with a context changed on the way. */
export const underway = ({ forged }: Tokens): Attack[] => [
  stacked(
    'a DO block',
    `do $$ declare r record; begin perform ${set(forged)}; for r in ${all} loop raise exception '%', r.code; end loop; end $$`,
    '42501',
  ),
  stacked(
    'a DO block that hides the refusal',
    `do $$ begin perform ${set(forged)}; perform 1 from lab.note; exception when others then null; end $$; ${all}`,
    'rows 4',
  ),
  stacked(
    'a cursor opened under one context and read under another',
    `declare c cursor for ${all}; select ${set(forged)}; fetch all from c`,
    '42501',
  ),
  stacked('a prepared statement', `prepare p as ${all}; select ${set(forged)}; execute p`, '42501'),
];
