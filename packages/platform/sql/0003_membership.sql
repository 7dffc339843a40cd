-- Where an account belongs. Memberships (and invites, in the next file) are tenant data and protected like any; what
-- differs is who writes them: nobody but the functions below, which run as the owner *under the caller's sealed context*, take
-- the acting account from the seal and judge its role themselves. SQL injected into the server can therefore
-- neither promote the person it runs as nor invite anybody on an owner's behalf.

create function identity.module_roles_valid(module_roles text[]) returns boolean
  language sql immutable strict parallel safe
begin atomic
  select cardinality(module_roles) <= 50
    and array_position(module_roles, null) is null
    and not exists (
      select from unnest(module_roles) r where r collate "C" !~ '^[a-z][a-z0-9_-]{0,39}:[a-z][a-z0-9_-]{0,39}$'
    )
    and cardinality(module_roles) = (select count(distinct r) from unnest(module_roles) r);
end;
comment on function identity.module_roles_valid(text[]) is
  'Whether these are module roles, <module>:<role>, none twice, 50 at most.';

create table identity.membership (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  account_id uuid not null,
  role text not null,
  module_roles text[] not null default '{}',
  company_ids uuid[],
  constraint membership_pkey primary key (tenant_id, id),
  constraint membership_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint membership_account_fkey foreign key (account_id) references identity.account (id),
  constraint membership_role_known check (role in ('owner', 'admin', 'member')),
  constraint membership_module_roles_valid check (identity.module_roles_valid(module_roles)),
  -- Owners and admins act in the whole tenant; and a list of no company at all would be a member of nothing.
  constraint membership_companies_of_member check (
    company_ids is null or (role = 'member' and cardinality(company_ids) between 1 and 1000)
  )
);
create unique index membership_account_unique on identity.membership (tenant_id, account_id) where deleted_at is null;
create index membership_account_idx on identity.membership (account_id) where deleted_at is null;
comment on table identity.membership is
  'An account''s place in a tenant. Written by identity.change_member and its kin alone.';
comment on index identity.membership_account_unique is 'One live membership per account and tenant.';
comment on index identity.membership_account_idx is 'An account''s memberships in all tenants, read at sign-in.';
comment on column identity.membership.id is 'Version 4 UUID.';
comment on column identity.membership.tenant_id is 'The tenant.';
comment on column identity.membership.created_at is 'When the account joined.';
comment on column identity.membership.updated_at is 'Last change; kept by trigger.';
comment on column identity.membership.deleted_at is 'When it was removed; a person who comes back gets a new row.';
comment on column identity.membership.account_id is 'The account.';
comment on column identity.membership.role is 'Organisation role: owner, admin or member.';
comment on column identity.membership.module_roles is 'Module roles such as books:clerk.';
comment on column identity.membership.company_ids is 'The companies it is limited to; null for every company.';
select bulkhead.protect_table('identity.membership', 'tenant', '{"write": "none", "immutable": ["account_id"]}');

-- Memberships and invites name companies in an array, which a foreign key cannot follow. Companies are never deleted, only
-- closed, so checking what is written is enough; the lock keeps a company from being closed meanwhile.
create function identity.check_companies() returns trigger
  language plpgsql
  set search_path = ''
as $body$
declare
  found_count integer;
begin
  if new.company_ids is null then
    return new;
  end if;
  perform from tenants.company c
    where c.tenant_id = new.tenant_id and c.id = any (new.company_ids) and c.deleted_at is null
    order by c.id
    for share;
  get diagnostics found_count = row_count;
  if found_count <> cardinality(new.company_ids) then
    raise exception using errcode = '23503', constraint = tg_table_name || '_companies_of_tenant',
      message = 'company_ids names a company that this tenant does not have, or names one twice',
      hint = 'Give each open company of the tenant once, or null for all of them.';
  end if;
  return new;
end
$body$;
comment on function identity.check_companies() is 'Refuses company_ids that are not open companies of the row''s tenant.';
create trigger check_companies before insert or update of company_ids on identity.membership
  for each row execute function identity.check_companies();
comment on trigger check_companies on identity.membership is 'company_ids are companies of the tenant.';
-- The functions below serialise on the tenant's row; this trigger holds whatever else writes the table, at any
-- isolation level: it share-locks another owner, so of two owners who leave at the same moment the second waits
-- for the first and then finds nobody (READ COMMITTED) or fails to serialise (above).
create function identity.keep_an_owner() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  perform from identity.membership m
    where m.tenant_id = old.tenant_id and m.role = 'owner' and m.deleted_at is null and m.id <> old.id
    limit 1
    for share;
  if not found then
    raise exception using errcode = '23514', constraint = 'membership_last_owner',
      message = 'a tenant keeps at least one owner',
      hint = 'Make another member an owner first.';
  end if;
  return null;
end
$body$;
comment on function identity.keep_an_owner() is 'Refuses to demote or remove a tenant''s last owner.';
create trigger keep_an_owner after update on identity.membership
  for each row when (
    old.role = 'owner' and old.deleted_at is null and (new.role <> 'owner' or new.deleted_at is not null)
  ) execute function identity.keep_an_owner();
comment on trigger keep_an_owner on identity.membership is 'A tenant keeps at least one owner.';

create function identity.acting_role() returns text
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return (
    select m.role from identity.membership m
    where m.tenant_id = (select bulkhead.tenant_id()) and m.account_id = (select bulkhead.account_id())
      and m.deleted_at is null
  );
end
$body$;
comment on function identity.acting_role() is
  'The organisation role, in the context''s tenant, of the account the sealed context acts for; null when it has none.';

create function identity.begin_member_change() returns text
  language plpgsql
  set search_path = ''
as $body$
begin
  -- Held to the end of the transaction, so that the role read next cannot be taken away meanwhile. This strength
  -- excludes itself and lets foreign keys to the tenant be checked.
  perform from tenants.tenant t where t.tenant_id = (select bulkhead.tenant_id()) for no key update;
  return coalesce(identity.acting_role(), 'none');
end
$body$;
comment on function identity.begin_member_change() is
  'Serialises changes to a tenant''s members, and tells the acting account''s role.';

create function identity.has_authority(acting text, variadic concerned text[]) returns boolean
  language sql immutable parallel safe
  return coalesce(acting = 'owner' or (acting = 'admin' and not 'owner' = any (concerned)), false);
comment on function identity.has_authority(text, text[]) is
  'Whether the acting role may touch members who have, or are to have, the concerned roles: owners everybody, admins all but owners.';

create function identity.require_authority(acting text, variadic concerned text[]) returns void
  language plpgsql immutable
  set search_path = ''
as $body$
begin
  if not identity.has_authority(acting, variadic concerned) then
    raise exception using errcode = '42501', constraint = 'membership_authority',
      message = 'this account may not do that to members of this tenant',
      hint = 'Owners may do everything, admins everything that does not touch an owner.';
  end if;
end
$body$;
comment on function identity.require_authority(text, text[]) is
  'Refuses (42501) unless the acting role has authority over the concerned roles.';

create function identity.change_member(
  member_id uuid, new_role text, new_module_roles text[], new_company_ids uuid[]
) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  acting constant text := identity.begin_member_change();
  current_role_of_member text;
begin
  select m.role into current_role_of_member from identity.membership m
    where m.tenant_id = (select bulkhead.tenant_id()) and m.id = member_id and m.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'member_missing',
      message = 'there is no such member in this tenant';
  end if;
  perform identity.require_authority(acting, current_role_of_member, new_role);
  update identity.membership m
    set role = new_role, module_roles = new_module_roles, company_ids = new_company_ids
    where m.tenant_id = (select bulkhead.tenant_id()) and m.id = member_id;
end
$body$;
comment on function identity.change_member(uuid, text, text[], uuid[]) is
  'Gives a member of the context''s tenant another organisation role, module roles and companies.';

create function identity.remove_member(member_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  acting constant text := identity.begin_member_change();
  target identity.membership;
begin
  select m.* into target from identity.membership m
    where m.tenant_id = (select bulkhead.tenant_id()) and m.id = member_id and m.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'member_missing',
      message = 'there is no such member in this tenant';
  end if;
  -- Anybody may leave.
  if target.account_id is distinct from (select bulkhead.account_id()) then
    perform identity.require_authority(acting, target.role);
  end if;
  update identity.membership m set deleted_at = now()
    where m.tenant_id = (select bulkhead.tenant_id()) and m.id = member_id;
end
$body$;
comment on function identity.remove_member(uuid) is
  'Ends a membership of the context''s tenant. Everybody may end their own, except the last owner.';

create function identity.members() returns table (
  id uuid, account_id uuid, email text, name text, role text, module_roles text[], company_ids uuid[], created_at timestamptz
)
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select m.id, m.account_id, a.email, a.name, m.role, m.module_roles, m.company_ids, m.created_at
    from identity.membership m
    join identity.account a on a.id = m.account_id
    where m.tenant_id = (select bulkhead.tenant_id()) and m.deleted_at is null
    order by a.name, m.id;
end
$body$;
comment on function identity.members() is
  'The members of the context''s tenant with their names and addresses: all that bulkhead_app learns of accounts.';

create function tenants.create_tenant(tenant_name text, company_name text) returns uuid
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  tenant constant uuid := bulkhead.tenant_id();
  company_id uuid;
begin
  -- The primary key refuses a tenant that exists: the context's account cannot make itself owner of another's.
  insert into tenants.tenant (id, tenant_id, name) values (tenant, tenant, tenant_name);
  insert into identity.membership (tenant_id, account_id, role) values (tenant, bulkhead.account_id(), 'owner');
  if company_name is not null then
    insert into tenants.company (tenant_id, name) values (tenant, company_name) returning id into company_id;
  end if;
  return company_id;
end
$body$;
comment on function tenants.create_tenant(text, text) is
  'Makes the tenant that the sealed context names, with the context''s account as its owner; returns the first company''s id, if one was asked for.';

-- At sign-in, an account's memberships are read across tenants. bulkhead_identity may see those of the one account
-- that a sealed context names, and the names of their tenants; without a seal, nothing. A context for no tenant
-- (the nil UUID) serves, so nothing else opens with it.
create policy membership_of_account on identity.membership for select to bulkhead_identity
  using (account_id = (select bulkhead.account_id()) and deleted_at is null);
comment on policy membership_of_account on identity.membership is
  'Before a tenant is chosen: the memberships of the account the seal names.';
create policy tenant_of_account on tenants.tenant for select to bulkhead_identity
  using (deleted_at is null and id in (
    select m.tenant_id from identity.membership m
    where m.account_id = (select bulkhead.account_id()) and m.deleted_at is null
  ));
comment on policy tenant_of_account on tenants.tenant is
  'Before a tenant is chosen: the tenants of the account the seal names.';

create function identity.memberships_of_context(context text) returns table (
  id uuid, tenant_id uuid, tenant_name text, role text, module_roles text[], company_ids uuid[]
)
  language plpgsql
  set search_path = ''
as $body$
begin
  -- Presented and used within one statement: one round trip, and nothing stays behind in a pooled session.
  perform set_config('bulkhead.context', context, true);
  return query
    select m.id, m.tenant_id, t.name, m.role, m.module_roles, m.company_ids
    from identity.membership m
    join tenants.tenant t on t.tenant_id = m.tenant_id
    where m.account_id = (select bulkhead.account_id()) and m.deleted_at is null
    order by t.name, m.id;
end
$body$;
comment on function identity.memberships_of_context(text) is
  'The memberships of the account that this sealed context names, in all tenants. Runs with the caller''s privileges.';

revoke execute on all functions in schema identity from public;
revoke execute on all functions in schema tenants from public;
grant execute on function
  identity.members(), identity.change_member(uuid, text, text[], uuid[]), identity.remove_member(uuid)
  to bulkhead_app;
grant execute on function
  identity.memberships_of_context(text), tenants.create_tenant(text, text)
  to bulkhead_identity;
grant select (id, tenant_id, account_id, role, module_roles, company_ids, deleted_at)
  on identity.membership to bulkhead_identity;
grant select (id, tenant_id, name, deleted_at) on tenants.tenant to bulkhead_identity;
