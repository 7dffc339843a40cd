create table books.customer (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  code text not null,
  name text not null,
  email text,
  phone text,
  tax_id text,
  street text,
  postal_code text,
  city text,
  country text,
  constraint customer_pkey primary key (tenant_id, id),
  constraint customer_code_form check (code ~ '^[A-Z0-9][A-Z0-9._/-]{0,31}$'),
  constraint customer_name_length check (char_length(name) between 1 and 200),
  constraint customer_email_form check (char_length(email) <= 254 and email ~ '^[^@\s]+@[^@\s]+$'),
  constraint customer_phone_length check (char_length(phone) between 1 and 40),
  constraint customer_tax_id_length check (char_length(tax_id) between 1 and 40),
  constraint customer_street_length check (char_length(street) between 1 and 200),
  constraint customer_postal_code_length check (char_length(postal_code) between 1 and 20),
  constraint customer_city_length check (char_length(city) between 1 and 100),
  constraint customer_country_form check (country ~ '^[A-Z]{2}$')
);
comment on table books.customer is 'Whom a company invoices.';
comment on column books.customer.code is 'The company''s own short code; unique among customers not removed.';
comment on column books.customer.country is 'ISO 3166-1 alpha-2.';
create unique index customer_code_unique on books.customer (code, company_id, tenant_id) where deleted_at is null;
create index customer_list on books.customer (company_id, code) with (deduplicate_items = off);
alter table books.customer add constraint customer_company_key unique (id, company_id, tenant_id);
select bulkhead.protect_table('books.customer', 'company',
  '{"personal": {"columns": ["name", "email", "phone", "tax_id", "street", "postal_code", "city"]}}');
