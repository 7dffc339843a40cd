-- Bulkhead's roles. Run by an administrator (superuser, or CREATEROLE on a managed service) once per
-- cluster, before the numbered files; running it again changes nothing but what has drifted.
-- Roles are shared by every database of the cluster. None is superuser, none bypasses row security,
-- none may create roles or databases. Passwords are the administrator's to set.

do $roles$
declare
  role_name text;
  administrator_is_superuser constant boolean := (select rolsuper from pg_catalog.pg_roles where rolname = current_user);
begin
  -- Two databases of one cluster may be set up at the same moment.
  perform pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('bulkhead.roles', 0));
  foreach role_name in array array[
    'bulkhead_owner', 'bulkhead_app', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor'
  ] loop
    begin
      if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
        execute format('create role %I login noinherit', role_name);
      end if;
    exception when duplicate_object or unique_violation then
      null;
    end;
    execute format('alter role %I login nocreaterole nocreatedb noinherit', role_name);
    -- Only a superuser may name these attributes; anybody else could not have granted them either.
    if administrator_is_superuser then
      execute format('alter role %I nosuperuser nobypassrls noreplication', role_name);
    end if;
  end loop;
end
$roles$;

-- A request that takes longer than this is a fault; a transaction left open holds locks against everybody.
alter role bulkhead_app set statement_timeout = '30s';
alter role bulkhead_app set lock_timeout = '10s';
alter role bulkhead_app set idle_in_transaction_session_timeout = '30s';
alter role bulkhead_identity set statement_timeout = '10s';
alter role bulkhead_identity set lock_timeout = '5s';
alter role bulkhead_identity set idle_in_transaction_session_timeout = '10s';
alter role bulkhead_auditor set default_transaction_read_only = on;
alter role bulkhead_auditor set statement_timeout = '10min';
alter role bulkhead_worker set idle_in_transaction_session_timeout = '5min';

comment on role bulkhead_owner is 'Bulkhead: owns the objects, runs migrations at boot, nothing at runtime.';
comment on role bulkhead_app is 'Bulkhead: DML on protected tables under a sealed context; nothing else.';
comment on role bulkhead_identity is 'Bulkhead: look-ups before a tenant is known, in schema identity only.';
comment on role bulkhead_worker is 'Bulkhead: cross-tenant duties, each by an explicit narrow policy or function.';
comment on role bulkhead_auditor is 'Bulkhead: reads the audit ledger; nothing else.';
