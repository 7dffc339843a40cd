-- What stands open in roles and functions: start-up refuses here as with tables.

create function bulkhead.unsafe_roles() returns table (role_name text, problem text, fix text)
  language sql stable security definer
  set search_path = ''
begin atomic
  with runtime as (
    select r.oid, r.rolname::text as name from pg_roles r
    where r.rolname in ('bulkhead_app', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor')
  )
  select t.name, format('it is, or may become, %s, who %s', r.rolname,
      case when r.rolsuper then 'is superuser' when r.rolbypassrls then 'bypasses row-level security'
        when r.rolname = 'bulkhead_owner' then 'owns the tables' when r.rolreplication then 'may copy the whole cluster'
        when r.rolcreaterole then 'may make roles' when r.rolcreatedb then 'may make databases'
        else 'has rights on every table or on the server' end),
    case when r.oid = t.oid then format('alter role %I nosuperuser nobypassrls nocreaterole nocreatedb noreplication', t.name)
      else format('revoke %I from %I', r.rolname, t.name) end
  from runtime t
  join pg_roles r on (r.rolsuper or r.rolbypassrls or r.rolreplication or r.rolcreaterole or r.rolcreatedb
      or r.rolname = 'bulkhead_owner' or r.rolname like 'pg\_%')
    and (r.oid = t.oid or (not (select s.rolsuper from pg_roles s where s.oid = t.oid) and pg_has_role(t.oid, r.oid, 'member')))
  union all
  select t.name, format('it may create objects in schema %s', n.nspname), format('revoke create on schema %I from public, %I', n.nspname, t.name)
  from runtime t
  join pg_namespace n on n.nspname not like 'pg\_%' and has_schema_privilege(t.oid, n.oid, 'create')
  where not exists (select from pg_roles s where s.oid = t.oid and s.rolsuper)
  union all
  select t.name, format('it may %s in this database', p.privilege), format('revoke %s on database %I from public, %I', p.privilege, current_database(), t.name)
  from runtime t
  cross join (values ('create'), ('temporary')) p (privilege)
  where has_database_privilege(t.oid, current_database(), p.privilege)
    and not exists (select from pg_roles s where s.oid = t.oid and s.rolsuper)
  union all
  -- Triggers and foreign keys rest while session_replication_role is replica.
  select case when a.grantee = 0 then 'public' else pg_get_userbyid(a.grantee)::text end, format('it may %s the parameter %s', lower(a.privilege_type), p.parname),
    format('revoke %s on parameter %s from public, bulkhead_app, bulkhead_identity, bulkhead_worker, bulkhead_auditor', a.privilege_type, p.parname)
  from pg_parameter_acl p
  cross join lateral aclexplode(p.paracl) a
  where a.grantee = 0 or a.grantee in (select t.oid from runtime t)
  union all
  select coalesce(t.name, 'every role'), format('its sessions begin with %s', c.setting), format('alter role %s reset %s', coalesce(quote_ident(t.name), 'all'), split_part(c.setting, '=', 1))
  from pg_db_role_setting s
  cross join lateral unnest(s.setconfig) c (setting)
  left join runtime t on t.oid = s.setrole
  where (s.setrole = 0 or t.oid is not null)
    and s.setdatabase in (0, (select d.oid from pg_database d where d.datname = current_database()))
    and lower(split_part(c.setting, '=', 1)) in ('session_replication_role', 'row_security', 'role', 'bulkhead.context', 'bulkhead.deleted')
  union all
  select t.name, 'it may become ' || o.name, format('revoke %I from %I', o.name, t.name)
  from runtime t
  join runtime o on o.oid <> t.oid and pg_has_role(t.oid, o.oid, 'member')
  where not exists (select from pg_roles s where s.oid = t.oid and s.rolsuper);
end;
comment on function bulkhead.unsafe_roles() is 'Runtime roles that are, or may become, more than their duty.';

create function bulkhead.seal_problems() returns table (function_name text, problem text)
  language plpgsql
  set search_path = ''
as $body$
declare
  nobody constant text := '00000000-0000-0000-0000-000000000000';
  before constant text := coalesce(current_setting('bulkhead.context', true), '');
  key bulkhead.context_key;
  probe record;
  payload text;
  seal text;
  accepted boolean;
begin
  select k.* into key from bulkhead.context_key k where k.not_after > now() limit 1;
  for probe in
    select * from (values
      ('bh1', 60, true, null),
      ('bh1', 60, false, 'it accepts a context with a wrong seal'),
      ('bh1', -1, true, 'it accepts a context that has expired'),
      ('bh1', 1000, true, 'it accepts a context that outlives 15 minutes'),
      ('bh2', 60, true, 'it accepts a context of another version')
    ) v (version, life, sealed, wrong)
    cross join (values ('verified_context'), ('tenant_id'), ('company_id'), ('all_companies'), ('account_id')) f (name)
    where key.id is not null or not v.sealed
  loop
    payload := format('%s.%s.%s.%s.%4$s.account.%4$s.-', probe.version, coalesce(key.id, '00000000'),
      floor(date_part('epoch', now()))::bigint + probe.life, nobody);
    seal := case when probe.sealed
      then encode(sha256(key.outer_pad || sha256(key.inner_pad || convert_to(payload, 'UTF8'))), 'hex')
      else repeat('0', 64) end;
    perform set_config('bulkhead.context', payload || '.' || seal, true);
    begin
      execute format('select bulkhead.%I() is not null', probe.name) into accepted;
    exception when insufficient_privilege then
      accepted := false;
    end;
    if accepted <> (probe.wrong is null) then
      function_name := format('bulkhead.%I()', probe.name);
      problem := coalesce(probe.wrong, 'it refuses a context that is valid');
      return next;
    end if;
  end loop;
  perform set_config('bulkhead.context', before, true);
end
$body$;
comment on function bulkhead.seal_problems() is
  'Tries contexts of nobody, sealed and not, on the functions that policies ask: what they accept and should not, or the reverse.';

create function bulkhead.unsafe_functions() returns table (function_name text, problem text, fix text)
  language sql volatile security definer
  set search_path = ''
begin atomic
  select f.signature, 'security definer without a fixed search_path', format('alter function %s set search_path = ''''', f.signature)
  from (
    select p.oid::regprocedure::text as signature, p.*
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
  ) f
  -- A body in the SQL standard's form is bound when it is created and looks up no name later.
  where f.prosqlbody is null
    and not exists (select from unnest(f.proconfig) c where c like 'search\_path=%')
  union all
  select p.oid::regprocedure::text, 'security definer that public may execute', format('revoke execute on function %s from public', p.oid::regprocedure)
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
    and (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))
  union all
  select p.oid::regprocedure::text, format('security definer of %I, whom row-level security does not hold, that %I may execute', o.rolname, r.rolname),
    format('alter function %s owner to bulkhead_owner', p.oid::regprocedure)
  from pg_proc p
  join pg_namespace n on n.oid = p.pronamespace
  join pg_roles o on o.oid = p.proowner and (o.rolsuper or o.rolbypassrls)
  join pg_roles r on r.rolname in ('bulkhead_app', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor')
    and has_function_privilege(r.oid, p.oid, 'execute')
  where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema')
  union all
  select p.oid::regprocedure::text, format('it belongs to %I, who may change it', r.rolname), format('alter function %s owner to bulkhead_owner', p.oid::regprocedure)
  from pg_proc p
  join pg_roles r on r.oid = p.proowner
    and r.rolname in ('bulkhead_app', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor')
  union all
  select p.oid::regprocedure::text, 'immutable, so that a cached plan keeps one tenant''s answer for the next', format('alter function %s stable', p.oid::regprocedure)
  from pg_proc p
  where p.pronamespace = 'bulkhead'::regnamespace and p.provolatile = 'i'
    and p.proname in ('verified_context', 'tenant_id', 'company_id', 'all_companies', 'account_id',
      'claimed_tenant_id', 'claimed_company_id', 'claimed_account_id')
  union all
  select s.function_name, s.problem, 'create it anew as the kernel''s migration does'
  from bulkhead.seal_problems() s;
end;
comment on function bulkhead.unsafe_functions() is 'Functions that run with their owner''s rights and can be bent or are open to all.';

revoke execute on all functions in schema bulkhead from public;
grant execute on function bulkhead.unprotected_tables(), bulkhead.unsafe_roles(), bulkhead.unsafe_functions()
  to bulkhead_app;
