-- Invoices: draft -> submitted -> cancelled. The transition is the update of `status`; everything that comes with
-- it (number, postings, reversal) is done by triggers, so that no caller can have one without the other.

create table books.invoice (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  status text not null default 'draft',
  number text,
  customer_id uuid not null,
  customer_name text not null,
  customer_address text,
  customer_tax_id text,
  reference text,
  issued_on date not null,
  due_on date not null,
  currency text not null,
  note text,
  net numeric(18, 4) not null default 0,
  tax numeric(18, 4) not null default 0,
  total numeric(18, 4) not null default 0,
  submitted_at timestamptz,
  cancelled_at timestamptz,
  cancelled_on date,
  cancel_reason text,
  constraint invoice_pkey primary key (tenant_id, id),
  constraint invoice_number_unique unique (number, company_id, tenant_id),
  constraint invoice_customer_fkey foreign key (tenant_id, company_id, customer_id)
    references books.customer (tenant_id, company_id, id),
  constraint invoice_currency_fkey foreign key (currency) references books.currency (code),
  constraint invoice_status_known check (status in ('draft', 'submitted', 'cancelled')),
  constraint invoice_number_when_submitted check (
    (status = 'draft') = (number is null) and (status = 'draft') = (submitted_at is null)),
  constraint invoice_cancelled_when_cancelled check (
    (status = 'cancelled') = (cancelled_at is not null) and (status = 'cancelled') = (cancelled_on is not null)
    and (status = 'cancelled') = (cancel_reason is not null)),
  constraint invoice_delete_draft_only check (deleted_at is null or status = 'draft'),
  constraint invoice_due_on_after_issue check (due_on >= issued_on),
  constraint invoice_date_range check (issued_on >= date '1970-01-01' and due_on <= date '2199-12-31'),
  constraint invoice_cancelled_after_issue check (cancelled_on >= issued_on),
  constraint invoice_amounts check (net >= 0 and tax >= 0 and total = net + tax),
  constraint invoice_reference_length check (char_length(reference) between 1 and 100),
  constraint invoice_note_length check (char_length(note) <= 2000),
  constraint invoice_cancel_reason_length check (char_length(cancel_reason) between 1 and 500)
);
comment on table books.invoice is 'Invoices to customers. Immutable once submitted; a cancellation reverses it in the journal.';
comment on column books.invoice.number is 'Given by submission, gapless in the company.';
comment on column books.invoice.customer_name is 'Copied from the customer until submission, then part of the document; so are address and tax id.';
comment on column books.invoice.reference is 'The customer''s or an external system''s reference; unique in the company among invoices neither cancelled nor removed.';
comment on column books.invoice.net is 'Sum of the lines, kept by trigger; tax and total likewise.';
comment on column books.invoice.cancelled_on is 'Day of the reversal in the journal.';
create unique index invoice_reference_unique on books.invoice (reference, company_id, tenant_id)
  where reference is not null and status <> 'cancelled' and deleted_at is null;
create index invoice_list on books.invoice (company_id, issued_on) with (deduplicate_items = off);
create index invoice_by_customer on books.invoice (customer_id, company_id, tenant_id);
alter table books.invoice add constraint invoice_company_key unique (id, company_id, tenant_id);
select bulkhead.protect_table('books.invoice', 'company', '{"immutable": ["number", "customer_name", "customer_address",
  "customer_tax_id", "currency", "net", "tax", "total", "submitted_at", "cancelled_at"],
  "personal": {"columns": ["customer_name", "customer_address", "customer_tax_id"], "subject": "customer_id"}}');

create table books.invoice_line (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  invoice_id uuid not null,
  position smallint not null,
  description text not null,
  quantity numeric(12, 4) not null,
  unit_price numeric(18, 4) not null,
  tax_rate numeric(5, 2) not null default 0,
  ledger_account_id uuid not null,
  net numeric(18, 4) not null,
  tax numeric(18, 4) not null,
  constraint invoice_line_pkey primary key (tenant_id, id),
  constraint invoice_line_position_unique unique (invoice_id, company_id, tenant_id, position),
  constraint invoice_line_invoice_fkey foreign key (tenant_id, company_id, invoice_id)
    references books.invoice (tenant_id, company_id, id),
  constraint invoice_line_ledger_account_fkey foreign key (tenant_id, company_id, ledger_account_id)
    references books.ledger_account (tenant_id, company_id, id),
  constraint invoice_line_position_range check (position between 1 and 200),
  constraint invoice_line_description_length check (char_length(description) between 1 and 500),
  constraint invoice_line_quantity_positive check (quantity > 0),
  constraint invoice_line_unit_price_not_negative check (unit_price >= 0),
  constraint invoice_line_tax_rate_range check (tax_rate between 0 and 100),
  constraint invoice_line_not_soft_deleted check (deleted_at is null)
);
comment on table books.invoice_line is 'Lines of an invoice; frozen with it.';
comment on column books.invoice_line.tax_rate is 'Percent.';
comment on column books.invoice_line.net is
  'quantity x unit_price, rounded half away from zero to the currency''s minor units. Kept by trigger.';
comment on column books.invoice_line.tax is 'net x tax_rate percent, rounded the same way. Kept by trigger.';
create index invoice_line_by_account on books.invoice_line (ledger_account_id, company_id, tenant_id);
select bulkhead.protect_table('books.invoice_line', 'company', '{"delete": "hard", "immutable": ["invoice_id", "net", "tax"]}');

create function books.draft_invoice() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  profile books.company_profile;
  buyer books.customer;
begin
  select * into profile from books.company_profile p
  where p.tenant_id = new.tenant_id and p.company_id = new.company_id;
  if not found then
    raise exception using errcode = '23503', constraint = 'books_not_open', message = 'the books of this company are not open';
  end if;
  if new.status <> 'draft' or new.number is not null then
    raise exception using errcode = '23514', constraint = 'invoice_starts_as_draft', message = 'an invoice starts as a draft';
  end if;
  new.currency := coalesce(new.currency, profile.currency);
  if new.currency <> profile.currency then
    raise exception using errcode = '23514', constraint = 'currency_mismatch',
      message = format('this company keeps its books in %s, not in %s', profile.currency, new.currency);
  end if;
  if tg_op = 'INSERT' then
    new.net := 0; new.tax := 0; new.total := 0;
  end if;
  -- Locked so that the customer cannot be removed at the same moment.
  select * into buyer from books.customer c
  where c.tenant_id = new.tenant_id and c.id = new.customer_id and c.deleted_at is null
  for share;
  if not found then
    raise exception using errcode = '23503', constraint = 'invoice_customer_fkey', message = 'there is no such customer';
  end if;
  new.customer_name := buyer.name;
  new.customer_tax_id := buyer.tax_id;
  new.customer_address := nullif(concat_ws(E'\n', buyer.street,
    nullif(concat_ws(' ', buyer.postal_code, buyer.city), ''), buyer.country), '');
  return new;
end
$body$;
comment on function books.draft_invoice() is 'Fills in a draft from its company and customer.';
create trigger invoice_draft before insert on books.invoice for each row execute function books.draft_invoice();
comment on trigger invoice_draft on books.invoice is 'A new invoice is a draft in the company''s currency for an existing customer.';
create trigger invoice_redraft before update on books.invoice for each row
  when (old.status = 'draft' and new.status = 'draft' and new.deleted_at is null
    and (old.customer_id, old.currency, new.number) is distinct from (new.customer_id, new.currency, null))
  execute function books.draft_invoice();
comment on trigger invoice_redraft on books.invoice is 'A changed draft obeys the same rules as a new one.';

create function books.guard_invoice() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  profile books.company_profile;
  serial text;
begin
  if old.status = 'draft' and new.status = 'draft' then
    return new;
  elsif old.status = 'draft' and new.status = 'submitted' then
    if (to_jsonb(new) - 'status' - 'updated_at') <> (to_jsonb(old) - 'status' - 'updated_at') then
      raise exception using errcode = '23514', constraint = 'invoice_not_draft',
        message = 'submitting an invoice changes nothing else of it';
    end if;
    profile := books.hold_open(new.tenant_id, new.company_id, new.issued_on);
    if not exists (select from books.invoice_line l where l.tenant_id = new.tenant_id and l.company_id = new.company_id
      and l.invoice_id = new.id) then
      raise exception using errcode = '23514', constraint = 'invoice_has_lines', message = 'an invoice without lines cannot be submitted';
    end if;
    if new.total = 0 then
      raise exception using errcode = '23514', constraint = 'invoice_total_positive', message = 'an invoice over nothing cannot be submitted';
    end if;
    select c.name, c.tax_id, nullif(concat_ws(E'\n', c.street,
      nullif(concat_ws(' ', c.postal_code, c.city), ''), c.country), '')
    into new.customer_name, new.customer_tax_id, new.customer_address
    from books.customer c
    where c.tenant_id = new.tenant_id and c.id = new.customer_id and c.deleted_at is null;
    if not found then
      raise exception using errcode = '23503', constraint = 'invoice_customer_fkey', message = 'there is no such customer';
    end if;
    serial := books.take_number(new.tenant_id, new.company_id, 'invoice')::text;
    new.number := 'INV-' || lpad(serial, greatest(5, char_length(serial)), '0');
    new.submitted_at := now();
    return new;
  elsif old.status = 'submitted' and new.status = 'cancelled' then
    new.cancelled_on := coalesce(new.cancelled_on, books.today(new.tenant_id, new.company_id));
    new.cancelled_at := now();
    if (to_jsonb(new) - '{status,updated_at,cancelled_at,cancelled_on,cancel_reason}'::text[])
        <> (to_jsonb(old) - '{status,updated_at,cancelled_at,cancelled_on,cancel_reason}'::text[]) then
      raise exception using errcode = '23514', constraint = 'invoice_not_draft',
        message = 'cancelling an invoice changes nothing else of it';
    end if;
    return new;
  elsif new.status in ('submitted', 'cancelled') and new.status <> old.status then
    raise exception using errcode = '23514', constraint = 'invoice_transition',
      message = format('an invoice cannot go from %s to %s', old.status, new.status);
  else
    raise exception using errcode = '23514', constraint = 'invoice_not_draft',
      message = format('the invoice is %s: it can no longer change', old.status),
      hint = 'Cancel it and issue another.';
  end if;
end
$body$;
comment on function books.guard_invoice() is 'The states of an invoice: draft -> submitted -> cancelled, and what each may change.';
create trigger invoice_guard before update on books.invoice for each row execute function books.guard_invoice();
comment on trigger invoice_guard on books.invoice is 'draft -> submitted -> cancelled only; nothing but a draft changes.';

create function books.compute_line() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  parent record;
  account_type text;
  raw numeric;
begin
  if tg_op = 'DELETE' then
    new := old;
  end if;
  -- Locked so that lines and submission cannot pass each other.
  select i.status, c.minor_units into parent
  from books.invoice i join books.currency c on c.code = i.currency
  where i.tenant_id = new.tenant_id and i.id = new.invoice_id and i.deleted_at is null
  for no key update of i;
  if not found then
    raise exception using errcode = '23503', constraint = 'invoice_line_invoice_fkey', message = 'there is no such invoice';
  end if;
  if parent.status <> 'draft' then
    raise exception using errcode = '23514', constraint = 'invoice_not_draft',
      message = format('the invoice is %s: its lines can no longer change', parent.status);
  end if;
  if tg_op = 'DELETE' then
    return old;
  end if;
  select a.id, a.type into new.ledger_account_id, account_type from books.ledger_account a
  where a.tenant_id = new.tenant_id and a.company_id = new.company_id and a.deleted_at is null
    and case when new.ledger_account_id is null then a.purpose = 'income' else a.id = new.ledger_account_id end;
  if not found then
    raise exception using errcode = '23503', constraint = 'invoice_line_ledger_account_fkey',
      message = 'there is no such ledger account';
  end if;
  if account_type <> 'income' then
    raise exception using errcode = '23514', constraint = 'invoice_line_income_account',
      message = 'an invoice line needs an income account';
  end if;
  -- round(numeric, integer) rounds half away from zero.
  raw := round(new.quantity * new.unit_price, parent.minor_units);
  if raw >= 10::numeric ^ 13 then
    raise exception using errcode = '23514', constraint = 'amount_too_large', message = 'the amount of the line is too large';
  end if;
  new.net := raw;
  -- Not divided by 100: a quotient is cut to a number of digits before it is rounded; a product is exact.
  new.tax := round(new.net * new.tax_rate * 0.01, parent.minor_units);
  return new;
end
$body$;
comment on function books.compute_line() is 'Amounts of an invoice line; lines of a draft only.';
create trigger invoice_line_compute before insert or update or delete on books.invoice_line
  for each row execute function books.compute_line();
comment on trigger invoice_line_compute on books.invoice_line is 'Computes net and tax; refuses when the invoice is no draft.';

create function books.total_invoices() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  parent record;
  sums record;
begin
  -- One by one, each found by its key: as a join, Postgres would have to guess how many lines a statement changed.
  for parent in select distinct c.tenant_id, c.company_id, c.invoice_id from changed c loop
    select coalesce(sum(l.net), 0) as net, coalesce(sum(l.tax), 0) as tax into sums
    from books.invoice_line l
    where l.tenant_id = parent.tenant_id and l.company_id = parent.company_id and l.invoice_id = parent.invoice_id;
    if sums.net + sums.tax >= 10::numeric ^ 14 then
      raise exception using errcode = '23514', constraint = 'amount_too_large', message = 'the total of the invoice is too large';
    end if;
    update books.invoice i set net = sums.net, tax = sums.tax, total = sums.net + sums.tax
    where i.tenant_id = parent.tenant_id and i.id = parent.invoice_id and (i.net, i.tax) is distinct from (sums.net, sums.tax);
  end loop;
  return null;
end
$body$;
comment on function books.total_invoices() is 'Keeps the totals of the invoices whose lines a statement changed.';
create trigger invoice_line_added after insert on books.invoice_line referencing new table as changed
  for each statement execute function books.total_invoices();
create trigger invoice_line_changed after update on books.invoice_line referencing new table as changed
  for each statement execute function books.total_invoices();
create trigger invoice_line_removed after delete on books.invoice_line referencing old table as changed
  for each statement execute function books.total_invoices();
comment on trigger invoice_line_added on books.invoice_line is 'Totals of the invoice.';
comment on trigger invoice_line_changed on books.invoice_line is 'Totals of the invoice.';
comment on trigger invoice_line_removed on books.invoice_line is 'Totals of the invoice.';

create function books.guard_customer() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  if exists (
    select from books.invoice i
    where i.tenant_id = new.tenant_id and i.company_id = new.company_id and i.customer_id = new.id
      and i.status = 'draft' and i.deleted_at is null
  ) then
    raise exception using errcode = '23503', constraint = 'customer_has_drafts',
      message = 'the customer has drafts', hint = 'Submit or remove them first.';
  end if;
  return new;
end
$body$;
comment on function books.guard_customer() is 'A customer with drafts cannot be removed; submitted invoices carry their own copy.';
create trigger customer_guard before update on books.customer for each row
  when (old.deleted_at is null and new.deleted_at is not null) execute function books.guard_customer();
comment on trigger customer_guard on books.customer is 'No removal while drafts exist.';
