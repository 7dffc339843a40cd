-- What an administrator does once in each database, after roles.sql: hand the database to the owner and
-- take from PUBLIC what Postgres gives to everybody by default (TEMP, CONNECT, CREATE in schema public).

do $database$
begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect, create on database %I to bulkhead_owner', current_database());
  execute format(
    'grant connect on database %I to bulkhead_app, bulkhead_identity, bulkhead_worker, bulkhead_auditor',
    current_database());
end
$database$;

revoke all on schema public from public;

-- Functions of pg_catalog that know no tenant: large objects have no row security; the statistics show a role
-- the statements of all its sessions and every table's rows as they come; the sizes tell how much others have; and a
-- session may cancel any other of its own role. A runtime role has no use for any of them. Only a superuser may take
-- functions of pg_catalog away; on a managed service that refuses it, the prover reports what is left open.
do $hardening$
declare
  routine regprocedure;
begin
  if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    return;
  end if;
  for routine in
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace = 'pg_catalog'::regnamespace
      and (p.proname like 'pg\_stat\_get\_%' or p.proname in (
        'lo_creat', 'lo_create', 'lo_from_bytea', 'lo_open', 'lo_get', 'lo_put', 'lo_unlink',
        'pg_cancel_backend', 'pg_terminate_backend', 'pg_blocking_pids', 'pg_lock_status', 'pg_notify',
        'pg_relation_size', 'pg_table_size', 'pg_indexes_size', 'pg_total_relation_size', 'pg_database_size',
        'pg_tablespace_size', 'pg_available_wal_summaries', 'pg_wal_summary_contents', 'currtid2'))
      and pg_catalog.has_function_privilege('public', p.oid, 'execute')
  loop
    execute format('revoke execute on function %s from public', routine);
    execute format('grant execute on function %s to bulkhead_owner, bulkhead_worker, pg_monitor', routine);
  end loop;
end
$hardening$;
