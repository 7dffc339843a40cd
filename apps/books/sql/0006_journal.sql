-- The journal. Entries and postings are only ever added; a mistake is corrected by a reversal.

create table books.journal_entry (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  number bigint not null,
  kind text not null default 'manual',
  posted_on date not null,
  memo text not null,
  currency text not null,
  invoice_id uuid,
  reverses_id uuid,
  posted_in xid8 not null default pg_current_xact_id(),
  constraint journal_entry_pkey primary key (tenant_id, id),
  constraint journal_entry_company_key unique (id, company_id, tenant_id),
  constraint journal_entry_number_unique unique (number, company_id, tenant_id),
  constraint journal_entry_reverses_unique unique (reverses_id, company_id, tenant_id),
  constraint journal_entry_invoice_unique unique (invoice_id, company_id, tenant_id, kind),
  constraint journal_entry_reverses_fkey foreign key (tenant_id, company_id, reverses_id)
    references books.journal_entry (tenant_id, company_id, id),
  constraint journal_entry_invoice_fkey foreign key (tenant_id, company_id, invoice_id)
    references books.invoice (tenant_id, company_id, id),
  constraint journal_entry_currency_fkey foreign key (currency) references books.currency (code),
  constraint journal_entry_kind_fits check (case kind
    when 'manual' then invoice_id is null and reverses_id is null
    when 'invoice' then invoice_id is not null and reverses_id is null
    when 'reversal' then reverses_id is not null
    else false end),
  constraint journal_entry_memo_length check (char_length(memo) between 1 and 500),
  constraint journal_entry_not_deleted check (deleted_at is null)
);
comment on table books.journal_entry is 'Journal entries. Append-only.';
comment on column books.journal_entry.number is 'Gapless in the company, from 1.';
comment on column books.journal_entry.kind is 'manual, invoice (made by submission) or reversal.';
comment on column books.journal_entry.posted_in is 'Transaction that made the entry: only it may add postings.';
create index journal_entry_list on books.journal_entry (company_id, posted_on) with (deduplicate_items = off);
select bulkhead.protect_table('books.journal_entry', 'company', '{"write": "append", "delete": "none"}');

create table books.posting (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  entry_id uuid not null,
  position smallint not null,
  ledger_account_id uuid not null,
  customer_id uuid,
  posted_on date not null,
  currency text not null,
  debit numeric(18, 4) not null default 0,
  credit numeric(18, 4) not null default 0,
  constraint posting_pkey primary key (tenant_id, id),
  constraint posting_position_unique unique (entry_id, company_id, tenant_id, position),
  constraint posting_entry_fkey foreign key (tenant_id, company_id, entry_id)
    references books.journal_entry (tenant_id, company_id, id),
  constraint posting_ledger_account_fkey foreign key (tenant_id, company_id, ledger_account_id)
    references books.ledger_account (tenant_id, company_id, id),
  constraint posting_customer_fkey foreign key (tenant_id, company_id, customer_id)
    references books.customer (tenant_id, company_id, id),
  constraint posting_position_positive check (position >= 1),
  constraint posting_one_side check ((debit > 0 and credit = 0) or (credit > 0 and debit = 0)),
  constraint posting_not_deleted check (deleted_at is null)
);
comment on table books.posting is 'The sides of journal entries. Append-only.';
comment on column books.posting.posted_on is 'The entry''s day, kept here for reports.';
comment on column books.posting.customer_id is 'Whose balance it changes: given exactly on the receivable account.';
create index posting_by_account on books.posting (ledger_account_id, company_id, tenant_id, posted_on)
  include (debit, credit);
create index posting_by_customer on books.posting (customer_id, company_id, tenant_id, posted_on);
select bulkhead.protect_table('books.posting', 'company', '{"write": "append", "delete": "none"}');

create function books.refuse_row() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '23514', constraint = tg_argv[0], message = tg_argv[1];
end
$body$;
comment on function books.refuse_row() is 'Refuses what fires it: arguments are the constraint''s name and the message.';
create trigger journal_entry_append_only before update on books.journal_entry for each row
  execute function books.refuse_row('journal_append_only', 'posted entries never change; reverse the entry');
create trigger posting_append_only before update on books.posting for each row
  execute function books.refuse_row('journal_append_only', 'posted entries never change; reverse the entry');
comment on trigger journal_entry_append_only on books.journal_entry is 'Not even the owner changes an entry.';
comment on trigger posting_append_only on books.posting is 'Not even the owner changes a posting.';

create function books.enter_journal() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  profile books.company_profile;
  original books.journal_entry;
begin
  profile := books.hold_open(new.tenant_id, new.company_id, new.posted_on);
  if new.kind = 'reversal' then
    select * into original from books.journal_entry e
    where e.tenant_id = new.tenant_id and e.id = new.reverses_id;
    if not found then
      raise exception using errcode = '23503', constraint = 'journal_entry_reverses_fkey', message = 'there is no such entry';
    end if;
    if original.kind = 'reversal' then
      raise exception using errcode = '23514', constraint = 'reversal_of_reversal', message = 'a reversal is not reversed; post the entry anew';
    end if;
    if new.posted_on < original.posted_on then
      raise exception using errcode = '23514', constraint = 'reversal_before_original', message = 'a reversal is not dated before its entry';
    end if;
    new.invoice_id := original.invoice_id;
  end if;
  -- Depth 1 is a statement of the caller's own; deeper is the invoice's trigger.
  if new.invoice_id is not null and pg_trigger_depth() = 1 then
    raise exception using errcode = '23514', constraint = 'entry_of_invoice',
      message = 'the entries of an invoice are made by submitting and cancelling it';
  end if;
  new.currency := coalesce(new.currency, profile.currency);
  if new.currency <> profile.currency then
    raise exception using errcode = '23514', constraint = 'currency_mismatch',
      message = format('this company keeps its books in %s, not in %s', profile.currency, new.currency);
  end if;
  new.number := books.take_number(new.tenant_id, new.company_id, 'journal');
  new.posted_in := pg_current_xact_id();
  new.created_at := now();
  return new;
end
$body$;
comment on function books.enter_journal() is 'Dates, numbers and currency of a new entry; refuses closed days.';
create trigger journal_entry_enter before insert on books.journal_entry
  for each row execute function books.enter_journal();
comment on trigger journal_entry_enter on books.journal_entry is 'Open period, company''s currency, next number.';

create function books.enter_posting() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  parent record;
  account books.ledger_account;
begin
  select e.kind, e.posted_on, e.currency, e.posted_in, e.created_at, c.minor_units into parent
  from books.journal_entry e join books.currency c on c.code = e.currency
  where e.tenant_id = new.tenant_id and e.id = new.entry_id;
  if not found then
    raise exception using errcode = '23503', constraint = 'posting_entry_fkey', message = 'there is no such entry';
  end if;
  -- The time as well: transaction ids start anew in a database restored from a dump.
  if parent.posted_in <> pg_current_xact_id() or parent.created_at <> now()
      or (parent.kind <> 'manual' and pg_trigger_depth() = 1) then
    raise exception using errcode = '23514', constraint = 'journal_append_only',
      message = 'postings are added only together with their entry';
  end if;
  select * into account from books.ledger_account a
  where a.tenant_id = new.tenant_id and a.company_id = new.company_id and a.id = new.ledger_account_id and a.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'posting_ledger_account_fkey', message = 'there is no such ledger account';
  end if;
  if (account.purpose is not distinct from 'receivable') <> (new.customer_id is not null) then
    raise exception using errcode = '23514', constraint = 'posting_names_customer',
      message = 'a posting names a customer exactly when it is to the receivable account';
  end if;
  if round(new.debit, parent.minor_units) <> new.debit or round(new.credit, parent.minor_units) <> new.credit then
    raise exception using errcode = '23514', constraint = 'amount_minor_units',
      message = format('%s has %s decimals', parent.currency, parent.minor_units);
  end if;
  new.posted_on := parent.posted_on;
  new.currency := parent.currency;
  return new;
end
$body$;
comment on function books.enter_posting() is 'What a posting takes from its entry; refuses postings to an entry of another transaction.';
create trigger posting_enter before insert on books.posting for each row execute function books.enter_posting();
comment on trigger posting_enter on books.posting is 'Only with its entry; amounts in minor units; customer on receivables.';

create function books.reverse_entry() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  insert into books.posting (tenant_id, company_id, entry_id, position, ledger_account_id, customer_id, posted_on, currency, debit, credit)
  select p.tenant_id, p.company_id, new.id, p.position, p.ledger_account_id, p.customer_id, new.posted_on, p.currency, p.credit, p.debit
  from books.posting p
  where p.tenant_id = new.tenant_id and p.company_id = new.company_id and p.entry_id = new.reverses_id;
  return null;
end
$body$;
comment on function books.reverse_entry() is 'Posts a reversal: the original''s postings with the sides exchanged.';
create trigger journal_entry_reverse after insert on books.journal_entry for each row
  when (new.kind = 'reversal') execute function books.reverse_entry();
comment on trigger journal_entry_reverse on books.journal_entry is 'A reversal mirrors its original exactly.';

create function books.check_balance() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  entry uuid;
  sides record;
begin
  if tg_table_name = 'posting' then
    entry := new.entry_id;
  else
    entry := new.id;
  end if;
  select count(*) as postings, coalesce(sum(p.debit), 0) as debit, coalesce(sum(p.credit), 0) as credit into sides
  from books.posting p
  where p.tenant_id = new.tenant_id and p.company_id = new.company_id and p.entry_id = entry;
  -- Also when the context was taken away since: what cannot be seen cannot be called balanced.
  if sides.postings < 2 then
    raise exception using errcode = '23514', constraint = 'entry_unbalanced', message = 'an entry needs two postings at least';
  end if;
  if sides.debit <> sides.credit then
    raise exception using errcode = '23514', constraint = 'entry_unbalanced',
      message = format('debits of %s and credits of %s do not balance', sides.debit, sides.credit);
  end if;
  return null;
end
$body$;
comment on function books.check_balance() is 'Debits equal credits in every entry (an entry has one currency); checked at commit.';
create constraint trigger journal_entry_balanced after insert on books.journal_entry
  deferrable initially deferred for each row execute function books.check_balance();
create constraint trigger posting_balanced after insert on books.posting
  deferrable initially deferred for each row when (pg_trigger_depth() = 0) execute function books.check_balance();
comment on trigger journal_entry_balanced on books.journal_entry is 'An entry has postings and they balance, at commit.';
comment on trigger posting_balanced on books.posting is
  'Postings added later in the transaction are checked as well; nothing is added to the entries that triggers make.';

create function books.guard_ledger_account() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  if new.deleted_at is null then
    raise exception using errcode = '23514', constraint = 'ledger_account_fixed',
      message = 'code, type and purpose of a ledger account never change';
  end if;
  -- Everybody who posts holds this row in share mode: once it is ours, no posting is under way.
  perform from books.company_profile p
  where p.tenant_id = new.tenant_id and p.company_id = new.company_id for no key update;
  if new.purpose is not null or exists (
    select from books.posting p
    where p.tenant_id = new.tenant_id and p.company_id = new.company_id and p.ledger_account_id = new.id
  ) or exists (
    select from books.invoice_line l
    where l.tenant_id = new.tenant_id and l.company_id = new.company_id and l.ledger_account_id = new.id
  ) then
    raise exception using errcode = '23503', constraint = 'ledger_account_in_use',
      message = 'the ledger account is in use';
  end if;
  return new;
end
$body$;
comment on function books.guard_ledger_account() is 'A ledger account in use stays.';
create trigger ledger_account_guard before update on books.ledger_account for each row
  when ((old.deleted_at is null and new.deleted_at is not null)
    or (old.code, old.type, old.purpose) is distinct from (new.code, new.type, new.purpose))
  execute function books.guard_ledger_account();
comment on trigger ledger_account_guard on books.ledger_account is 'No removal while in use; code, type and purpose are fixed.';

create function books.post_invoice() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  entry uuid := gen_random_uuid();
begin
  if new.status = 'cancelled' then
    insert into books.journal_entry (tenant_id, company_id, kind, posted_on, memo, reverses_id)
    select new.tenant_id, new.company_id, 'reversal', new.cancelled_on,
      'Cancellation of ' || new.number || ': ' || left(new.cancel_reason, 400), e.id
    from books.journal_entry e
    where e.tenant_id = new.tenant_id and e.company_id = new.company_id and e.invoice_id = new.id and e.kind = 'invoice';
    return null;
  end if;
  insert into books.journal_entry (id, tenant_id, company_id, kind, posted_on, memo, currency, invoice_id)
  values (entry, new.tenant_id, new.company_id, 'invoice', new.issued_on,
    'Invoice ' || new.number || ', ' || new.customer_name, new.currency, new.id);
  insert into books.posting (tenant_id, company_id, entry_id, position, ledger_account_id, customer_id, posted_on, currency, debit, credit)
  select new.tenant_id, new.company_id, entry, row_number() over (order by s.place, a.code), a.id, s.customer_id,
    new.issued_on, new.currency, s.debit, s.credit
  from (
    select 1 as place, null::uuid as account_id, 'receivable' as purpose, new.customer_id, new.total as debit, 0 as credit
    union all
    select 2, l.ledger_account_id, null, null, 0, sum(l.net)
    from books.invoice_line l
    where l.tenant_id = new.tenant_id and l.company_id = new.company_id and l.invoice_id = new.id
    group by l.ledger_account_id
    union all
    select 3, null, 'tax', null, 0, new.tax
  ) s
  join books.ledger_account a on a.tenant_id = new.tenant_id and a.company_id = new.company_id
    and (a.id = s.account_id or (a.purpose = s.purpose and a.deleted_at is null))
  where s.debit > 0 or s.credit > 0;
  return null;
end
$body$;
comment on function books.post_invoice() is
  'Submission posts the total to receivables, nets to income and tax to sales tax; cancellation posts the reversal.';
create trigger invoice_post after update on books.invoice for each row
  when (old.status <> new.status) execute function books.post_invoice();
comment on trigger invoice_post on books.invoice is 'The journal follows the invoice''s state.';
