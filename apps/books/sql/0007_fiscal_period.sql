create table books.fiscal_period (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  fiscal_year smallint not null,
  starts_on date not null,
  ends_on date not null,
  constraint fiscal_period_pkey primary key (tenant_id, id),
  constraint fiscal_period_company_key unique (id, company_id, tenant_id),
  constraint fiscal_period_starts_on_unique unique (tenant_id, company_id, starts_on),
  constraint fiscal_period_is_month check (
    extract(day from starts_on) = 1 and ends_on = (starts_on + interval '1 month' - interval '1 day')::date),
  constraint fiscal_period_range check (starts_on between date '1970-01-01' and date '2200-12-31'),
  constraint fiscal_period_not_deleted check (deleted_at is null)
);
comment on table books.fiscal_period is 'Calendar months of a company''s fiscal years. Append-only; sign-off is a row of books.sign_off.';
comment on column books.fiscal_period.fiscal_year is 'Calendar year in which the fiscal year starts. Kept by trigger, like ends_on.';
select bulkhead.protect_table('books.fiscal_period', 'company', '{"write": "append", "delete": "none"}');

create table books.sign_off (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  period_id uuid not null,
  closed_through date not null,
  signed_by uuid,
  note text,
  constraint sign_off_pkey primary key (tenant_id, id),
  constraint sign_off_period_unique unique (tenant_id, company_id, period_id),
  constraint sign_off_period_fkey foreign key (tenant_id, company_id, period_id)
    references books.fiscal_period (tenant_id, company_id, id),
  constraint sign_off_note_length check (char_length(note) between 1 and 500),
  constraint sign_off_not_deleted check (deleted_at is null)
);
comment on table books.sign_off is
  'Sign-offs of periods. Append-only: a period is never reopened; corrections are posted in an open one.';
comment on column books.sign_off.closed_through is 'The period''s end, kept by trigger.';
comment on column books.sign_off.signed_by is 'Account the verified context acts for, kept by trigger; null for a service.';
select bulkhead.protect_table('books.sign_off', 'company', '{"write": "append", "delete": "none"}');

create trigger fiscal_period_append_only before update on books.fiscal_period for each row
  execute function books.refuse_row('period_append_only', 'periods never change');
create trigger sign_off_append_only before update on books.sign_off for each row
  execute function books.refuse_row('sign_off_append_only', 'a sign-off is never changed or taken back');
comment on trigger fiscal_period_append_only on books.fiscal_period is 'Not even the owner changes a period.';
comment on trigger sign_off_append_only on books.sign_off is 'Not even the owner takes a sign-off back.';

create function books.enter_period() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  start_month smallint;
begin
  select p.fiscal_year_start_month into start_month from books.company_profile p
  where p.tenant_id = new.tenant_id and p.company_id = new.company_id;
  if not found then
    raise exception using errcode = '23503', constraint = 'books_not_open', message = 'the books of this company are not open';
  end if;
  new.ends_on := (new.starts_on + interval '1 month' - interval '1 day')::date;
  new.fiscal_year := extract(year from new.starts_on)
    - case when extract(month from new.starts_on) < start_month then 1 else 0 end;
  return new;
end
$body$;
comment on function books.enter_period() is 'End and fiscal year of a new period.';
create trigger fiscal_period_enter before insert on books.fiscal_period
  for each row execute function books.enter_period();
comment on trigger fiscal_period_enter on books.fiscal_period is 'Computes ends_on and fiscal_year.';

create function books.sign_period_off() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  profile books.company_profile;
  period books.fiscal_period;
begin
  -- Waits for every posting under way in this company and keeps new ones waiting until commit.
  select * into profile from books.company_profile p
  where p.tenant_id = new.tenant_id and p.company_id = new.company_id
  for no key update;
  select * into period from books.fiscal_period f
  where f.tenant_id = new.tenant_id and f.company_id = new.company_id and f.id = new.period_id;
  if profile.id is null or period.id is null then
    raise exception using errcode = '23503', constraint = 'sign_off_period_fkey', message = 'there is no such period';
  end if;
  if period.ends_on <= profile.closed_through then
    raise exception using errcode = '23514', constraint = 'period_already_signed_off',
      message = format('the books are signed off through %s already', profile.closed_through);
  end if;
  if period.ends_on >= books.today(new.tenant_id, new.company_id) then
    raise exception using errcode = '23514', constraint = 'period_not_over',
      message = format('the period ends on %s: it is not over yet', period.ends_on);
  end if;
  new.closed_through := period.ends_on;
  new.signed_by := bulkhead.account_id();
  update books.company_profile p set closed_through = period.ends_on
  where p.tenant_id = new.tenant_id and p.id = profile.id;
  return new;
end
$body$;
comment on function books.sign_period_off() is 'Closes the books through the end of a period, ordered against every posting.';
create trigger sign_off_close before insert on books.sign_off for each row execute function books.sign_period_off();
comment on trigger sign_off_close on books.sign_off is 'Sign-off and posting exclude each other; sign-offs go forward only.';
