create schema widgets;
comment on schema widgets is 'A module made for the tests of the server.';
grant usage on schema widgets to bulkhead_app;
select bulkhead.guard_schema('widgets');

create table widgets.widget (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  name text not null,
  size integer not null,
  constraint widget_pkey primary key (tenant_id, id),
  constraint widget_name_unique unique (tenant_id, company_id, name),
  constraint widget_size_positive check (size > 0)
);
comment on table widgets.widget is 'A row of a company.';
select bulkhead.protect_table('widgets.widget', 'company');
