-- How a company keeps its books. This row is also the lock that orders posting against sign-off:
-- posting holds it in share mode, sign-off changes it.

create table books.company_profile (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  legal_name text not null,
  tax_id text,
  currency text not null,
  fiscal_year_start_month smallint not null default 1,
  time_zone text not null default 'UTC',
  starts_on date not null,
  closed_through date,
  constraint company_profile_pkey primary key (tenant_id, id),
  constraint company_profile_company_unique unique (tenant_id, company_id),
  constraint company_profile_company_fkey foreign key (tenant_id, company_id) references tenants.company (tenant_id, id),
  constraint company_profile_currency_fkey foreign key (currency) references books.currency (code),
  constraint company_profile_legal_name_length check (char_length(legal_name) between 1 and 200),
  constraint company_profile_tax_id_length check (char_length(tax_id) between 1 and 40),
  constraint company_profile_fiscal_month check (fiscal_year_start_month between 1 and 12),
  constraint company_profile_starts_on_range check (starts_on between date '1970-01-01' and date '2199-12-31')
);
comment on table books.company_profile is 'How a company keeps its books; one row per company.';
comment on column books.company_profile.currency is 'The one currency of the company''s ledger. Never changes.';
comment on column books.company_profile.time_zone is 'IANA name; decides what today is.';
comment on column books.company_profile.starts_on is 'First day on which anything may be posted.';
comment on column books.company_profile.closed_through is
  'End of the last period signed off: nothing is posted on or before it. Only ever moves forward.';
select bulkhead.protect_table('books.company_profile', 'company',
  '{"delete": "none", "immutable": ["currency", "fiscal_year_start_month", "starts_on", "closed_through"]}');

create table books.number_series (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  company_id uuid not null default bulkhead.claimed_company_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  kind text not null,
  next_value bigint not null default 1,
  constraint number_series_pkey primary key (tenant_id, id),
  constraint number_series_kind_unique unique (tenant_id, company_id, kind),
  constraint number_series_kind_known check (kind in ('invoice', 'journal'))
);
comment on table books.number_series is
  'Next number of each gapless series. Taken under row lock by the transaction that uses it, so a rollback gives it back.';
select bulkhead.protect_table('books.number_series', 'company', '{"write": "none", "delete": "none", "audit": false}');

create function books.today(tenant uuid, company uuid) returns date
  language plpgsql stable
  set search_path = ''
as $body$
begin
  return (
    select (now() at time zone p.time_zone)::date
    from books.company_profile p
    where p.tenant_id = tenant and p.company_id = company);
end
$body$;
comment on function books.today(uuid, uuid) is 'The day it is for a company; null before its books are opened.';
grant execute on function books.today(uuid, uuid) to bulkhead_app;

create function books.hold_open(tenant uuid, company uuid, day date) returns books.company_profile
  language plpgsql
  set search_path = ''
as $body$
declare
  profile books.company_profile;
begin
  -- Share mode: many may post at once, none while a sign-off is under way. A waiting caller then reads the row
  -- as the sign-off left it.
  select * into profile from books.company_profile p
  where p.tenant_id = tenant and p.company_id = company
  for share;
  if not found then
    raise exception using errcode = '23503', constraint = 'books_not_open',
      message = 'the books of this company are not open', hint = 'Open them first: currency, start, fiscal year.';
  end if;
  if day <= profile.closed_through then
    raise exception using errcode = '23514', constraint = 'period_closed',
      message = format('the books are signed off through %s; %s is closed', profile.closed_through, day),
      hint = 'Use a date after that day.';
  end if;
  if day < profile.starts_on then
    raise exception using errcode = '23514', constraint = 'before_books_start',
      message = format('the books start on %s; %s is before', profile.starts_on, day);
  end if;
  if day > date '2199-12-31' then
    raise exception using errcode = '23514', constraint = 'date_out_of_range', message = format('%s is too far ahead', day);
  end if;
  return profile;
end
$body$;
comment on function books.hold_open(uuid, uuid, date) is
  'Keeps the company''s books open for the rest of the transaction and returns their profile; refuses a day that is closed. For triggers.';

create function books.take_number(tenant uuid, company uuid, series text) returns bigint
  language plpgsql
  set search_path = ''
as $body$
declare
  taken bigint;
begin
  update books.number_series s set next_value = s.next_value + 1
  where s.tenant_id = tenant and s.company_id = company and s.kind = series
  returning s.next_value - 1 into taken;
  if taken is null then
    raise exception using errcode = '23503', constraint = 'books_not_open', message = 'the books of this company are not open';
  end if;
  return taken;
end
$body$;
comment on function books.take_number(uuid, uuid, text) is
  'Takes the next number of a series until the end of the transaction: others wait, a rollback returns it. For triggers.';

create function books.guard_profile() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  begin
    perform now() at time zone new.time_zone;
  exception when invalid_parameter_value then
    raise exception using errcode = '23514', constraint = 'company_profile_time_zone_known',
      message = 'the time zone is not known', hint = 'Use an IANA name such as Europe/Berlin.';
  end;
  if tg_op = 'INSERT' then
    new.closed_through := null;
  elsif (new.currency, new.starts_on, new.fiscal_year_start_month)
      is distinct from (old.currency, old.starts_on, old.fiscal_year_start_month) then
    raise exception using errcode = '23514', constraint = 'company_profile_fixed',
      message = 'currency, start and fiscal year of the books never change';
  elsif new.closed_through is distinct from old.closed_through
      and (new.closed_through is null or new.closed_through < old.closed_through) then
    raise exception using errcode = '23514', constraint = 'sign_off_forward',
      message = 'a signed-off period is never reopened';
  end if;
  return new;
end
$body$;
comment on function books.guard_profile() is 'Keeps what is fixed about a company''s books fixed.';
create trigger company_profile_guard before insert or update on books.company_profile
  for each row execute function books.guard_profile();
comment on trigger company_profile_guard on books.company_profile is 'Fixed: currency, start, fiscal year; closed_through moves forward.';

create function books.guard_number_series() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  if new.kind <> old.kind or new.next_value <> old.next_value + 1 then
    raise exception using errcode = '23514', constraint = 'number_series_gapless',
      message = 'a number series moves on by one and never otherwise';
  end if;
  return new;
end
$body$;
comment on function books.guard_number_series() is 'Refuses gaps and repeats in a number series, whoever writes.';
create trigger number_series_guard before update on books.number_series
  for each row execute function books.guard_number_series();
comment on trigger number_series_guard on books.number_series is 'Steps of one only.';
