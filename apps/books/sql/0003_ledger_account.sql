create table books.ledger_account (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  code text not null,
  name text not null,
  type text not null,
  purpose text,
  constraint ledger_account_pkey primary key (tenant_id, id),
  constraint ledger_account_company_key unique (id, company_id, tenant_id),
  constraint ledger_account_code_form check (code ~ '^[0-9]{3,8}$'),
  constraint ledger_account_name_length check (char_length(name) between 1 and 200),
  constraint ledger_account_type_known check (type in ('asset', 'liability', 'equity', 'income', 'expense')),
  constraint ledger_account_purpose_fits check (
    purpose is null or (purpose, type) in (('bank', 'asset'), ('receivable', 'asset'), ('tax', 'liability'), ('income', 'income')))
);
comment on table books.ledger_account is 'A company''s chart of accounts.';
comment on column books.ledger_account.purpose is
  'What the schema itself posts there: receivable (invoice totals), tax (sales tax), income (lines without an account), bank; null for an ordinary account.';
create unique index ledger_account_code_unique on books.ledger_account (code, company_id, tenant_id) where deleted_at is null;
create unique index ledger_account_purpose_unique on books.ledger_account (purpose, company_id, tenant_id)
  where purpose is not null and deleted_at is null;
select bulkhead.protect_table('books.ledger_account', 'company', '{"immutable": ["code", "type", "purpose"]}');

create function books.open_chart() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  insert into books.number_series (tenant_id, company_id, kind)
  values (new.tenant_id, new.company_id, 'invoice'), (new.tenant_id, new.company_id, 'journal');
  insert into books.ledger_account (tenant_id, company_id, code, name, type, purpose)
  select new.tenant_id, new.company_id, v.code, v.name, v.type, v.purpose
  from (values
    ('1000', 'Bank', 'asset', 'bank'), ('1010', 'Cash', 'asset', null),
    ('1200', 'Accounts receivable', 'asset', 'receivable'), ('1300', 'Inventory', 'asset', null),
    ('1400', 'Input tax', 'asset', null), ('1500', 'Equipment', 'asset', null),
    ('1590', 'Accumulated depreciation', 'asset', null), ('2000', 'Accounts payable', 'liability', null),
    ('2200', 'Sales tax payable', 'liability', 'tax'), ('2300', 'Payroll liabilities', 'liability', null),
    ('2500', 'Loans', 'liability', null), ('3000', 'Share capital', 'equity', null),
    ('3100', 'Retained earnings', 'equity', null), ('4000', 'Sales', 'income', 'income'),
    ('4100', 'Services', 'income', null), ('4900', 'Other income', 'income', null),
    ('5000', 'Cost of goods sold', 'expense', null), ('6000', 'Salaries', 'expense', null),
    ('6100', 'Rent', 'expense', null), ('6200', 'Software and IT', 'expense', null),
    ('6300', 'Travel', 'expense', null), ('6400', 'Marketing', 'expense', null),
    ('6500', 'Office supplies', 'expense', null), ('6600', 'Professional fees', 'expense', null),
    ('6700', 'Depreciation', 'expense', null), ('6900', 'Bank charges', 'expense', null),
    ('7000', 'Interest', 'expense', null), ('8000', 'Income tax', 'expense', null)
  ) as v (code, name, type, purpose);
  return null;
end
$body$;
comment on function books.open_chart() is 'Gives newly opened books their number series and a standard chart of accounts.';
create trigger company_profile_open_chart after insert on books.company_profile
  for each row execute function books.open_chart();
comment on trigger company_profile_open_chart on books.company_profile is 'Series and chart come with the books.';
