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
