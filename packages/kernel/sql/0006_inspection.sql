-- What stands open. Start-up and CI refuse to go on while any of these functions returns a row. They read
-- the catalog as it is now, not what was done once: switching a safeguard off shows.

create function bulkhead.squeeze(expression text) returns text
  language sql immutable parallel safe
  return regexp_replace(
    regexp_replace(lower(expression), ' as "?[a-z_]+"?\)', ')', 'g'), '[\s]', '', 'g');
comment on function bulkhead.squeeze(text) is 'An expression as Postgres prints it and as we wrote it, made comparable.';

create function bulkhead.policy_problems() returns table (target regclass, problem text)
  language sql stable
begin atomic
  select r.target, case when c.relrowsecurity then 'row-level security is not forced: its owner is exempt'
    else 'row-level security is off' end
  from bulkhead.registered_table r
  join pg_class c on c.oid = r.target
  where r.treatment = 'protected' and not (c.relrowsecurity and c.relforcerowsecurity)
  union all
  select r.target, format('policy %I is missing or not as it should be', e.name)
  from bulkhead.registered_table r
  cross join lateral bulkhead.expected_policies(r.scope) e
  where r.treatment = 'protected' and not exists (
    select from pg_policy p
    where p.polrelid = r.target and p.polname = e.name and p.polpermissive = e.permissive and p.polcmd = e.command
      and p.polroles @> array[to_regrole('bulkhead_app')::oid, to_regrole('bulkhead_owner')::oid]
      and bulkhead.squeeze(pg_get_expr(p.polwithcheck, p.polrelid)) = bulkhead.squeeze(e.condition)
      and (e.command = 'a' or bulkhead.squeeze(pg_get_expr(p.polqual, p.polrelid)) = bulkhead.squeeze(e.condition)))
  union all
  select r.target, format('policy %I opens the table to %s, whom no wall holds', p.polname,
    case when granted.role = 0 then 'public' else pg_get_userbyid(granted.role)::text end)
  from bulkhead.registered_table r
  join pg_policy p on p.polrelid = r.target and p.polpermissive
  cross join lateral unnest(p.polroles) granted (role)
  where r.treatment = 'protected'
    and (granted.role = 0 or pg_get_userbyid(granted.role) not in
      ('bulkhead_app', 'bulkhead_owner', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor'))
  union all
  -- The walls hold the application and the owner; for the other roles a policy's own condition is all there is.
  select r.target, format('policy %I shows every row to %s', p.polname, pg_get_userbyid(granted.role))
  from bulkhead.registered_table r
  join pg_policy p on p.polrelid = r.target and p.polpermissive
  cross join lateral unnest(p.polroles) granted (role)
  where r.treatment = 'protected'
    and pg_get_userbyid(granted.role) in ('bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor')
    and (pg_get_expr(p.polqual, p.polrelid) = 'true' or (p.polcmd <> 'r' and pg_get_expr(p.polwithcheck, p.polrelid) = 'true'));
end;
comment on function bulkhead.policy_problems() is 'Protected tables whose row-level security is not what protect_table set.';

create function bulkhead.key_problems() returns table (target regclass, problem text)
  language sql stable
begin atomic
  select r.target, format('unique key %s (%s) spans tenants', k.name, array_to_string(k.columns, ', '))
  from bulkhead.registered_table r
  cross join lateral bulkhead.leaky_keys(r.target, r.scope) k
  where r.treatment = 'protected'
  union all
  select r.target, case
    when f.treatment is null then format('foreign key %I refers to %s, which is not registered', f.name, f.parent)
    when not f.composite then format('foreign key %I does not carry %s: a row can refer to another tenant''s', f.name, array_to_string(f.required, ', '))
    when not (f.definition).convalidated then format('foreign key %I is not enforced, or not validated', f.name)
    when f.reaches_out then format('foreign key %I changes rows on delete that the deleting context does not cover', f.name)
    else format('foreign key %I has no index on (%s)', f.name, array_to_string(f.columns, ', ')) end
  from bulkhead.registered_table r
  cross join lateral bulkhead.foreign_keys(r.target) f
  where r.treatment = 'protected'
    and (f.treatment is null
      or (f.treatment = 'protected' and (not f.composite or f.reaches_out or not (f.definition).convalidated or not bulkhead.has_index_on(r.target, f.columns))));
end;
comment on function bulkhead.key_problems() is 'Protected tables with a key that reaches across tenants.';

create function bulkhead.expected_triggers(registered bulkhead.registered_table) returns table (name text)
  language sql immutable
begin atomic
  select unnest(
    array['bulkhead_stamp', 'bulkhead_no_truncate']
    || case when (registered).delete_mode <> 'hard' then array['bulkhead_no_delete'] else '{}'::text[] end
    || case when (registered).audited
      then array['bulkhead_audit_insert', 'bulkhead_audit_update', 'bulkhead_audit_delete'] else '{}'::text[] end);
end;
comment on function bulkhead.expected_triggers(bulkhead.registered_table) is 'The triggers of a protected table.';

create function bulkhead.privilege_problems() returns table (target regclass, problem text)
  language sql stable
begin atomic
  select r.target, format('trigger %I is missing or disabled', t.name)
  from bulkhead.registered_table r
  cross join lateral bulkhead.expected_triggers(r) t
  where r.treatment = 'protected' and not exists (
    select from pg_trigger g where g.tgrelid = r.target and g.tgname = t.name and g.tgenabled in ('O', 'A'))
  union all
  select r.target, format('the check of foreign key %I is disabled', c.conname)
  from bulkhead.registered_table r
  join pg_trigger g on g.tgrelid = r.target and g.tgisinternal and g.tgenabled not in ('O', 'A')
  join pg_constraint c on c.oid = g.tgconstraint
  where r.treatment = 'protected'
  union all
  select r.target, format('rule %I does something else beside it, with the owner''s rights', w.rulename)
  from bulkhead.registered_table r
  join pg_rewrite w on w.ev_class = r.target
  where r.treatment = 'protected'
  union all
  select c.oid::regclass, format('%s holds %s', case when a.grantee = 0 then 'public' else pg_get_userbyid(a.grantee)::text end,
    lower(a.privilege_type))
  from pg_class c
  join bulkhead.registered_table r on r.target = c.oid
  cross join lateral aclexplode(c.relacl) a
  where (a.grantee = 0 or pg_get_userbyid(a.grantee) = 'bulkhead_app')
    and not case r.treatment
      when 'protected' then a.grantee <> 0
        and (a.privilege_type = 'SELECT' or (a.privilege_type = 'DELETE' and r.delete_mode = 'hard'))
      when 'shared' then a.privilege_type = 'SELECT'
      else false end
  union all
  select r.target, format('%s holds %s on column %I', case when a.grantee = 0 then 'public' else pg_get_userbyid(a.grantee)::text end,
    lower(a.privilege_type), c.attname)
  from bulkhead.registered_table r
  join pg_attribute c on c.attrelid = r.target
  cross join lateral aclexplode(c.attacl) a
  where (a.grantee = 0 or pg_get_userbyid(a.grantee) = 'bulkhead_app')
    and (r.treatment <> 'protected' or a.grantee = 0 or a.privilege_type = 'REFERENCES')
  union all
  select r.target, format('bulkhead_app may update %s', string_agg(c.name, ', '))
  from bulkhead.registered_table r
  cross join lateral bulkhead.table_columns(r.target) c
  where r.treatment = 'protected'
    and c.name = any (array['id', 'created_at', 'updated_at'] || bulkhead.scope_columns(r.scope) || r.immutable_columns)
    and has_column_privilege('bulkhead_app', r.target, c.name, 'update')
  group by r.target
  union all
  select r.target, format('bulkhead_app may read the sensitive columns %s without an entry', string_agg(c.name, ', '))
  from bulkhead.registered_table r
  cross join lateral bulkhead.table_columns(r.target) c
  where r.treatment = 'protected' and c.name = any (r.sensitive_columns)
    and has_column_privilege('bulkhead_app', r.target, c.name, 'select')
  group by r.target
  union all
  select r.target, format('it belongs to the runtime role %s', pg_get_userbyid(c.relowner))
  from bulkhead.registered_table r
  join pg_class c on c.oid = r.target
  where pg_get_userbyid(c.relowner) in ('bulkhead_app', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor');
end;
comment on function bulkhead.privilege_problems() is
  'Registered tables whose triggers are off, or on which public or the application holds what it should not.';

create function bulkhead.unregistered_relations() returns table (target regclass, problem text)
  language sql stable
begin atomic
  select c.oid::regclass, case c.relkind
      when 'v' then 'view without security_invoker: it reads with its owner''s rights'
      when 'm' then 'materialized view: it has no row-level security'
      when 'f' then 'foreign table: it has no row-level security of its own'
      else case when i.inhrelid is not null then 'partition or child that is reached directly: it has no policy of its parent'
        else 'not protected' end end
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_inherits i on i.inhrelid = c.oid
  cross join lateral (
    select exists (
      select from aclexplode(c.relacl) a where a.grantee = 0 or pg_get_userbyid(a.grantee) = 'bulkhead_app')
    or exists (
      select from pg_attribute t cross join lateral aclexplode(t.attacl) a
      where t.attrelid = c.oid and (a.grantee = 0 or pg_get_userbyid(a.grantee) = 'bulkhead_app')) as granted) g
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and n.nspname not in ('pg_catalog', 'information_schema', 'bulkhead') and n.nspname not like 'pg\_toast%' and n.nspname not like 'pg\_temp%'
    and not exists (select from bulkhead.registered_table r where r.target = c.oid)
    and case
      when c.relkind = 'v' then
        (g.granted or n.nspname in (select s.name from bulkhead.guarded_schema s))
        and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
      when i.inhrelid is not null then g.granted
      else g.granted or n.nspname in (select s.name from bulkhead.guarded_schema s) end;
end;
comment on function bulkhead.unregistered_relations() is
  'Tables and views of a guarded schema, or in reach of the application, that nobody registered. Every kind of relation counts: partitioned, foreign, materialized.';

create function bulkhead.expected_audit_policies() returns table (name text, command "char", role text, condition text)
  language sql immutable parallel safe
begin atomic
  select 'audit_entry_write', 'a'::"char", 'bulkhead_owner', 'true'
  union all
  select 'audit_entry_read_own', 'r'::"char", 'bulkhead_app',
    '((tenant_id = (select bulkhead.tenant_id())) and ((company_id is null) or (select bulkhead.all_companies()) or (company_id = (select bulkhead.company_id()))))'
  union all
  select 'audit_entry_read_all', 'r'::"char", 'bulkhead_auditor', 'true'
  union all
  select p.name, p.command, 'bulkhead_owner', '(select (session_user = ''bulkhead_worker''::name))'
  from (values ('audit_entry_seal', 'r'::"char"), ('audit_entry_cut', 'd'::"char")) p (name, command);
end;
comment on function bulkhead.expected_audit_policies() is 'The policies of the audit entries. command is pg_policy.polcmd.';

create function bulkhead.kernel_problems() returns table (target regclass, problem text, fix text)
  language sql stable
begin atomic
  -- The audit entries are not registered: nothing may write them but the kernel. So what holds them is looked at here.
  with entries as (
    select 'bulkhead.audit_entry'::regclass::oid as oid
    union all select i.inhrelid from pg_inherits i where i.inhparent = 'bulkhead.audit_entry'::regclass
  )
  select c.oid::regclass, 'row-level security is off, or not forced',
    format('alter table %s enable row level security, force row level security', c.oid::regclass)
  from entries e join pg_class c on c.oid = e.oid
  where not (c.relrowsecurity and c.relforcerowsecurity)
  union all
  select e.oid::regclass, format('trigger %s is missing or disabled: entries can be changed', t.name),
    format('alter table %s enable always trigger %s', e.oid::regclass, t.name)
  from entries e
  cross join (values ('audit_entry_append_only'), ('audit_entry_no_truncate')) t (name)
  where not exists (
    select from pg_trigger g where g.tgrelid = e.oid and g.tgname = t.name and g.tgenabled in ('O', 'A'))
  union all
  select c.oid::regclass, format('trigger %s is missing or disabled: the chain can be changed', c.relname || t.suffix),
    format('alter table %s enable always trigger %s', c.oid::regclass, c.relname || t.suffix)
  from pg_class c
  cross join (values ('_append_only'), ('_no_truncate')) t (suffix)
  where c.relnamespace = 'bulkhead'::regnamespace and c.relname in ('audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut', 'audit_personal', 'audit_erasure')
    and not exists (
      select from pg_trigger g where g.tgrelid = c.oid and g.tgname = c.relname || t.suffix and g.tgenabled in ('O', 'A'))
  union all
  select c.oid::regclass, 'row-level security is off, or not forced',
    format('alter table %s enable row level security, force row level security', c.oid::regclass)
  from pg_class c
  where c.relnamespace = 'bulkhead'::regnamespace and not (c.relrowsecurity and c.relforcerowsecurity)
    and c.relname in ('audit_chain', 'audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut', 'audit_personal', 'audit_erasure',
      'audit_verification', 'audit_anchoring')
  union all
  select p.polrelid::regclass, format('policy %I is not the kernel''s', p.polname),
    format('drop policy %I on %s', p.polname, p.polrelid::regclass)
  from entries e join pg_policy p on p.polrelid = e.oid
  where p.polpermissive and not exists (
    select from bulkhead.expected_audit_policies() x
    where x.name = p.polname and x.command = p.polcmd and p.polroles = array[to_regrole(x.role)::oid]
      and e.oid = 'bulkhead.audit_entry'::regclass
      and bulkhead.squeeze(coalesce(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)))
        = bulkhead.squeeze(x.condition))
  union all
  select c.oid::regclass, format('%s holds %s', case when a.grantee = 0 then 'public' else pg_get_userbyid(a.grantee)::text end,
      lower(a.privilege_type)),
    format('revoke all on %s from public, bulkhead_app', c.oid::regclass)
  from pg_class c
  left join pg_attribute t on t.attrelid = c.oid and t.attacl is not null
  cross join lateral (
    select * from aclexplode(c.relacl) union select * from aclexplode(t.attacl)) a
  where c.relnamespace in ('bulkhead'::regnamespace, to_regnamespace('bulkhead_migration'))
    and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
    and (a.grantee = 0 or pg_get_userbyid(a.grantee) = 'bulkhead_app')
    and not (a.grantee <> 0 and a.privilege_type = 'SELECT'
      and c.relname in ('audit_entry', 'audit_log', 'audit_chain', 'audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut',
        'audit_personal', 'audit_erasure', 'audit_verification', 'audit_anchoring'))
  union all
  select c.oid::regclass, 'view without security_invoker: it reads with its owner''s rights',
    format('alter view %s set (security_invoker = true)', c.oid::regclass)
  from pg_class c
  where c.relnamespace = 'bulkhead'::regnamespace and c.relkind = 'v'
    and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false);
end;
comment on function bulkhead.kernel_problems() is
  'What stands open in the kernel''s own relations: the audit entries and their partitions, the keys, the registry.';

create function bulkhead.unprotected_tables() returns table (table_name text, problem text, fix text)
  language sql stable security definer
  set search_path = ''
begin atomic
  select bulkhead.table_label(p.target), p.problem, p.fix
  from (
    select o.target, o.problem, format('select bulkhead.protect_table(%L, %L, …)', o.target::text, r.scope) as fix
    from (
      select * from bulkhead.policy_problems()
      union all select * from bulkhead.key_problems()
      union all select * from bulkhead.privilege_problems()
    ) o
    join bulkhead.registered_table r on r.target = o.target
    union all
    select u.target, u.problem, case
      when u.problem like 'view%' then format('alter view %s set (security_invoker = true)', u.target)
      when u.problem = 'not protected' then format('select bulkhead.protect_table(%L), or bulkhead.share_table / bulkhead.exempt_table with the reason', u.target::text)
      else format('revoke all on %s from public, bulkhead_app', u.target) end
    from bulkhead.unregistered_relations() u
    union all
    select k.target, k.problem, k.fix from bulkhead.kernel_problems() k
  ) p
  order by 1, 2;
end;
comment on function bulkhead.unprotected_tables() is
  'What stands open, table by table, and how to close it. Empty is good; start-up refuses to serve otherwise.';
