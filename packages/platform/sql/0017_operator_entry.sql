-- Operators in a tenant: staff of the party that runs the service has no place in any tenant. To help, an operator
-- enters one, for a stated reason and a short time; the tenant sees it, in its audit log and on every page, and can
-- end it. Entering is a row of the tenant's own, written by the functions below alone.

create table identity.operator_entry (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  account_id uuid not null,
  operator_name text not null,
  reason text not null,
  mode text not null,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_by uuid,
  constraint operator_entry_pkey primary key (tenant_id, id),
  constraint operator_entry_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint operator_entry_account_fkey foreign key (account_id) references identity.account (id),
  constraint operator_entry_ended_by_fkey foreign key (ended_by) references identity.account (id),
  constraint operator_entry_reason_length check (length(btrim(reason)) between 10 and 500),
  constraint operator_entry_mode_known check (mode in ('read', 'change')),
  constraint operator_entry_ended_by_given check ((ended_at is null) = (ended_by is null))
);
create unique index operator_entry_live_unique on identity.operator_entry (tenant_id, account_id)
  where ended_at is null;
comment on table identity.operator_entry is
  'An operator''s stay in a tenant: why, what for and until when (ACC-3). Kept for good.';
comment on index identity.operator_entry_live_unique is 'An operator is in a tenant once.';
comment on column identity.operator_entry.id is 'Version 4 UUID.';
comment on column identity.operator_entry.tenant_id is 'The tenant entered.';
comment on column identity.operator_entry.created_at is 'When.';
comment on column identity.operator_entry.updated_at is 'Last change; kept by trigger.';
comment on column identity.operator_entry.deleted_at is 'Always null: stays are kept.';
comment on column identity.operator_entry.account_id is 'The operator''s account.';
comment on column identity.operator_entry.operator_name is 'The operator''s name then: the tenant cannot look up accounts that are no members.';
comment on column identity.operator_entry.reason is 'Why, for the tenant to read: 10 to 500 characters.';
comment on column identity.operator_entry.mode is 'read: look only. change: also change data; never members, roles, keys or sign-in.';
comment on column identity.operator_entry.expires_at is 'From then on it opens nothing: four hours at most.';
comment on column identity.operator_entry.ended_at is 'When it was ended before its time.';
comment on column identity.operator_entry.ended_by is 'Who ended it early: the operator, or an owner or admin of the tenant.';
select bulkhead.protect_table('identity.operator_entry', 'tenant', '{"write": "none", "delete": "none"}');

create function identity.acting_operator() returns uuid
  language plpgsql stable security definer
  set search_path = ''
as $body$
declare
  token constant text := bulkhead.verified_context();
  acting constant uuid := case split_part(token, '.', 6) when 'operator' then split_part(token, '.', 7)::uuid end;
begin
  return (
    select o.account_id from identity.operator o join identity.account a on a.id = o.account_id
    where o.account_id = acting and o.revoked_at is null and a.disabled_at is null
  );
end
$body$;
comment on function identity.acting_operator() is
  'The operator that the sealed context names as its actor, while the promotion holds; null for anybody else.';

create function identity.enter_tenant(reason text, mode text, stay interval, out entry_id uuid, out expires_at timestamptz)
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  acting constant uuid := identity.acting_operator();
  tenant constant uuid := bulkhead.tenant_id();
  -- The database's clock: whoever runs statements of their own as an operator has no say in how long they stay.
  at constant timestamptz := clock_timestamp();
begin
  if acting is null then
    raise exception using errcode = '42501', constraint = 'operator_entry_operator',
      message = 'only an operator may enter a tenant';
  end if;
  if stay <= interval '0' or stay > interval '4 hours' then
    raise exception using errcode = '22023', constraint = 'operator_entry_life',
      message = 'an operator stays four hours at most';
  end if;
  expires_at := date_trunc('milliseconds', at + stay);
  -- A stay that has run out is still open by its row; it must not block a new one.
  update identity.operator_entry e set ended_at = now(), ended_by = acting
    where e.tenant_id = tenant and e.account_id = acting and e.ended_at is null and e.expires_at <= at;
  insert into identity.operator_entry (tenant_id, account_id, operator_name, reason, mode, expires_at)
    select tenant, acting, a.name, enter_tenant.reason, enter_tenant.mode, enter_tenant.expires_at
    from identity.account a where a.id = acting
    returning id into entry_id;
end
$body$;
comment on function identity.enter_tenant(text, text, interval) is
  'Lets the context''s operator into the context''s tenant for so long, for the reason given. The tenant''s audit log shows it.';

create function identity.end_operator_entry(entry_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  operator constant uuid := identity.acting_operator();
  ending uuid := operator;
  stay identity.operator_entry;
begin
  select e.* into stay from identity.operator_entry e
    where e.tenant_id = (select bulkhead.tenant_id()) and e.id = entry_id and e.ended_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'operator_entry_missing',
      message = 'there is no such stay in this tenant';
  end if;
  if operator is distinct from stay.account_id then
    perform identity.require_authority(coalesce(identity.acting_role(), 'none'), 'member');
    ending := bulkhead.account_id();
  end if;
  update identity.operator_entry e set ended_at = now(), ended_by = ending
    where e.tenant_id = stay.tenant_id and e.id = stay.id;
end
$body$;
comment on function identity.end_operator_entry(uuid) is
  'Ends an operator''s stay in the context''s tenant: by the operator, or by an owner or admin.';

create function identity.operator_entry_of_context(context text) returns table (
  id uuid, mode text, reason text, operator_name text, expires_at timestamptz, tenant_name text,
  second_factor_required boolean
)
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select e.id, e.mode, e.reason, e.operator_name, e.expires_at, t.name, coalesce(p.second_factor_required, false)
    from identity.operator_entry e
    join tenants.tenant t on t.tenant_id = e.tenant_id
    left join identity.sign_in_policy p on p.tenant_id = e.tenant_id
    where e.tenant_id = (select bulkhead.tenant_id()) and e.account_id = (select identity.acting_operator())
      and e.ended_at is null and e.expires_at > clock_timestamp();
end
$body$;
comment on function identity.operator_entry_of_context(text) is
  'The live stay of the context''s operator in the context''s tenant, and whether the tenant asks for two factors; none when there is none, or the promotion has ended.';

create policy tenant_for_operator on tenants.tenant for select to bulkhead_identity
  using (deleted_at is null and (select identity.acting_operator()) is not null);
comment on policy tenant_for_operator on tenants.tenant is 'An operator finds a tenant by its name before entering it.';

create function identity.find_tenants(context text, part text) returns table (id uuid, name text)
  language plpgsql
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select t.id, t.name from tenants.tenant t
    where identity.acting_operator() is not null and strpos(lower(t.name), lower(part)) > 0
    order by t.name, t.id limit 50;
end
$body$;
comment on function identity.find_tenants(text, text) is
  'Tenants whose name holds the given text, for the context''s operator; 50 at most. Runs with the caller''s privileges.';

revoke execute on function
  identity.acting_operator(), identity.enter_tenant(text, text, interval),
  identity.end_operator_entry(uuid), identity.operator_entry_of_context(text),
  identity.find_tenants(text, text)
  from public;
grant execute on function
  identity.enter_tenant(text, text, interval), identity.end_operator_entry(uuid)
  to bulkhead_app;
grant execute on function
  identity.acting_operator(), identity.operator_entry_of_context(text), identity.find_tenants(text, text)
  to bulkhead_identity;
