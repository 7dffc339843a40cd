-- Tenants and their companies. Both are protected tables: whoever reads one has a sealed context for it.

create schema tenants;
comment on schema tenants is 'Tenants and the companies within them.';
grant usage on schema tenants to bulkhead_app, bulkhead_identity;

create table tenants.tenant (
  id uuid not null default bulkhead.claimed_tenant_id(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  name text not null,
  constraint tenant_pkey primary key (tenant_id, id),
  constraint tenant_tenant_id_unique unique (tenant_id),
  constraint tenant_is_its_own check (tenant_id = id),
  constraint tenant_name_length check (length(name) between 1 and 200)
);
comment on table tenants.tenant is
  'A customer organisation: the unit of isolation. Made by tenants.create_tenant alone; bulkhead_app may rename it.';
comment on column tenants.tenant.id is 'Version 4 UUID.';
comment on column tenants.tenant.tenant_id is 'The tenant itself, so that the row falls under the same policy as everything it owns.';
comment on column tenants.tenant.created_at is 'When it was made.';
comment on column tenants.tenant.updated_at is 'Last change; kept by trigger.';
comment on column tenants.tenant.deleted_at is 'When it was cancelled; null while it is alive.';
comment on column tenants.tenant.name is 'What people call it. Not unique: two organisations may share a name.';
select bulkhead.protect_table('tenants.tenant', 'tenant');
revoke insert, update on tenants.tenant from bulkhead_app;
grant update (name) on tenants.tenant to bulkhead_app;

create table tenants.company (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  name text not null,
  constraint company_pkey primary key (tenant_id, id),
  constraint company_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint company_name_length check (length(name) between 1 and 200)
);
create unique index company_name_unique on tenants.company (tenant_id, name) where deleted_at is null;
comment on table tenants.company is
  'A subdivision of a tenant, a legal entity or a client brand: the second scope below the tenant.';
comment on index tenants.company_name_unique is 'Within a tenant, no two companies share a name.';
comment on column tenants.company.id is 'Version 4 UUID: the company_id of everything in company scope.';
comment on column tenants.company.tenant_id is 'The tenant it belongs to.';
comment on column tenants.company.created_at is 'When it was made.';
comment on column tenants.company.updated_at is 'Last change; kept by trigger.';
comment on column tenants.company.deleted_at is 'When it was closed; null while it is open.';
comment on column tenants.company.name is 'What people call it; unique within the tenant.';
select bulkhead.protect_table('tenants.company', 'tenant');

select bulkhead.guard_schema('tenants');

create table tenants.isolation_figure (
  day date not null,
  tenant_id uuid not null,
  server_id uuid not null,
  statements bigint not null,
  refusals bigint not null,
  cross_tenant_rows bigint not null,
  constraint isolation_figure_pkey primary key (tenant_id, day, server_id),
  constraint isolation_figure_not_negative check (statements >= 0 and refusals >= 0 and cross_tenant_rows >= 0)
);
create index isolation_figure_day on tenants.isolation_figure (day);
comment on table tenants.isolation_figure is
  'What each run of a server counted for each tenant on each day. A server writes its whole count again and again, so a repeated write adds nothing.';
comment on index tenants.isolation_figure_day is 'For the days that are to be forgotten.';
comment on column tenants.isolation_figure.day is 'UTC.';
comment on column tenants.isolation_figure.tenant_id is 'The tenant in whose context it happened.';
comment on column tenants.isolation_figure.server_id is 'One start of one server process.';
comment on column tenants.isolation_figure.statements is 'Statements run.';
comment on column tenants.isolation_figure.refusals is 'Statements and batches refused.';
comment on column tenants.isolation_figure.cross_tenant_rows is 'Rows of another tenant found in results by sampling. Must be 0.';
select bulkhead.exempt_table('tenants.isolation_figure', 'Written by bulkhead_worker and read through functions, which show a tenant its own.');

create function tenants.record_isolation(server uuid, on_day date, figures jsonb) returns void
  language sql security definer
  set search_path = ''
begin atomic
  insert into tenants.isolation_figure as old (day, tenant_id, server_id, statements, refusals, cross_tenant_rows)
  select on_day, f.tenant, server, f.statements, f.refusals, f.cross_tenant_rows
  from pg_catalog.jsonb_to_recordset(figures)
    as f (tenant uuid, statements bigint, refusals bigint, cross_tenant_rows bigint)
  on conflict on constraint isolation_figure_pkey do update set
    statements = greatest(old.statements, excluded.statements),
    refusals = greatest(old.refusals, excluded.refusals),
    cross_tenant_rows = greatest(old.cross_tenant_rows, excluded.cross_tenant_rows);
  delete from tenants.isolation_figure f where f.day < on_day - 90;
end;
comment on function tenants.record_isolation(uuid, date, jsonb) is
  'Writes what one run of a server has counted so far on one day: [{tenant, statements, refusals, cross_tenant_rows}]. Forgets what is older than 90 days.';
revoke execute on function tenants.record_isolation(uuid, date, jsonb) from public;
grant usage on schema tenants to bulkhead_worker;
grant execute on function tenants.record_isolation(uuid, date, jsonb) to bulkhead_worker;

create function tenants.own_isolation(on_day date)
  returns table (statements bigint, refusals bigint, cross_tenant_rows bigint)
  language sql stable security definer
  set search_path = ''
begin atomic
  select coalesce(sum(f.statements), 0)::bigint, coalesce(sum(f.refusals), 0)::bigint,
    coalesce(sum(f.cross_tenant_rows), 0)::bigint
  from tenants.isolation_figure f
  where f.tenant_id = (select bulkhead.tenant_id()) and f.day = on_day;
end;
comment on function tenants.own_isolation(date) is 'A day''s figures of the context''s tenant, all servers added up.';
revoke execute on function tenants.own_isolation(date) from public;
grant execute on function tenants.own_isolation(date) to bulkhead_app;

create function tenants.all_isolation(on_day date)
  returns table (tenant uuid, statements bigint, refusals bigint, cross_tenant_rows bigint)
  language sql stable security definer
  set search_path = ''
begin atomic
  select f.tenant_id, coalesce(sum(f.statements) filter (where f.day = on_day), 0)::bigint,
    coalesce(sum(f.refusals) filter (where f.day = on_day), 0)::bigint,
    coalesce(sum(f.cross_tenant_rows) filter (where f.day = on_day), 0)::bigint
  from tenants.isolation_figure f
  group by f.tenant_id
  order by 2 desc, 1;
end;
comment on function tenants.all_isolation(date) is
  'A day''s figures of every tenant that was active within 90 days. For operators, by way of bulkhead_worker.';
revoke execute on function tenants.all_isolation(date) from public;
grant execute on function tenants.all_isolation(date) to bulkhead_worker;

-- A kept search of the audit log, under a name.
create table tenants.audit_view (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  account_id uuid not null default bulkhead.claimed_account_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  name text not null,
  filter jsonb not null,
  constraint audit_view_pkey primary key (tenant_id, id),
  constraint audit_view_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint audit_view_name_length check (char_length(name) between 1 and 60),
  constraint audit_view_filter_small check (jsonb_typeof(filter) = 'object' and octet_length(filter::text) <= 4000)
);
comment on table tenants.audit_view is 'A kept search of the audit log; each account sees its own.';
comment on column tenants.audit_view.id is 'Version 4 UUID.';
comment on column tenants.audit_view.tenant_id is 'The tenant whose log it searches.';
comment on column tenants.audit_view.account_id is 'Whose it is.';
comment on column tenants.audit_view.created_at is 'When it was kept.';
comment on column tenants.audit_view.updated_at is 'Last change; kept by trigger.';
comment on column tenants.audit_view.deleted_at is 'When it was removed.';
comment on column tenants.audit_view.name is 'What its account calls it; unique among those not removed.';
comment on column tenants.audit_view.filter is 'The filters, by name.';
create unique index audit_view_name_unique on tenants.audit_view (tenant_id, account_id, name) where deleted_at is null;
comment on index tenants.audit_view_name_unique is 'One view of a name for each account.';
select bulkhead.protect_table('tenants.audit_view', 'user');
