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

-- Large objects have no row security, pg_stat_activity shows a role the statements of all its sessions, and
-- pg_locks everybody's advisory locks: a runtime role has no use for any of them. Only a superuser may take functions of pg_catalog
-- away; on a managed service that refuses it, the prover reports what is left open.
do $hardening$
declare
  routine text;
begin
  if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    return;
  end if;
  foreach routine in array array[
    'pg_catalog.lo_creat(integer)', 'pg_catalog.lo_create(oid)', 'pg_catalog.lo_from_bytea(oid, bytea)',
    'pg_catalog.lo_open(oid, integer)', 'pg_catalog.lo_get(oid)', 'pg_catalog.lo_get(oid, bigint, integer)',
    'pg_catalog.lo_put(oid, bigint, bytea)', 'pg_catalog.lo_unlink(oid)',
    'pg_catalog.pg_stat_get_activity(integer)', 'pg_catalog.pg_lock_status()', 'pg_catalog.pg_notify(text, text)'
  ] loop
    execute format('revoke execute on function %s from public', routine);
    execute format('grant execute on function %s to bulkhead_owner, bulkhead_worker, pg_monitor', routine);
  end loop;
end
$hardening$;
