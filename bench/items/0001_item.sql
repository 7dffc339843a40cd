create schema bench;
comment on schema bench is 'A module made to be measured.';
grant usage on schema bench to bulkhead_app;
select bulkhead.guard_schema('bench');

create table bench.item (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  name text not null,
  amount numeric(12, 2) not null,
  constraint item_pkey primary key (tenant_id, id)
);
comment on table bench.item is 'A row of a company.';
-- One for a query that names the company, one for the policy, whose company may be any: each way has the plan it likes best.
create index item_newest_idx on bench.item (tenant_id, company_id, created_at desc);
create index item_newest_of_tenant_idx on bench.item (tenant_id, created_at desc);
create statistics bench.item_scope (dependencies) on tenant_id, company_id from bench.item;
select bulkhead.protect_table('bench.item', 'company');
