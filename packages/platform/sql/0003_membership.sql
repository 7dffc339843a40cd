-- Where an account belongs. membership and invite are tenant data and protected like any; what differs is who
-- writes them: nobody but the functions below, which run as the owner *under the caller's sealed context*, take
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

create table identity.invite (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  email_normalised text not null,
  role text not null,
  module_roles text[] not null default '{}',
  company_ids uuid[],
  invited_by uuid not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid,
  constraint invite_pkey primary key (tenant_id, id),
  constraint invite_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint invite_invited_by_fkey foreign key (invited_by) references identity.account (id),
  constraint invite_accepted_by_fkey foreign key (accepted_by) references identity.account (id),
  constraint invite_role_known check (role in ('owner', 'admin', 'member')),
  constraint invite_module_roles_valid check (identity.module_roles_valid(module_roles)),
  constraint invite_companies_of_member check (
    company_ids is null or (role = 'member' and cardinality(company_ids) between 1 and 1000)
  ),
  constraint invite_accepted_by_given check ((accepted_at is null) = (accepted_by is null)),
  constraint invite_accepted_or_revoked check (accepted_at is null or deleted_at is null)
);
create unique index invite_open_unique on identity.invite (tenant_id, email_normalised)
  where accepted_at is null and deleted_at is null;
comment on table identity.invite is
  'An invitation of one address into one tenant. Its token is in identity.one_time_token; it is withdrawn by soft delete.';
comment on index identity.invite_open_unique is 'One open invite per address and tenant.';
comment on column identity.invite.id is 'Version 4 UUID.';
comment on column identity.invite.tenant_id is 'The tenant it leads into.';
comment on column identity.invite.created_at is 'When it was made.';
comment on column identity.invite.updated_at is 'Last change; kept by trigger.';
comment on column identity.invite.deleted_at is 'When it was withdrawn.';
comment on column identity.invite.email_normalised is 'The only address whose verified account may accept it.';
comment on column identity.invite.role is 'Organisation role it gives.';
comment on column identity.invite.module_roles is 'Module roles it gives.';
comment on column identity.invite.company_ids is 'Companies it is limited to; null for every company.';
comment on column identity.invite.invited_by is 'The account that invited.';
comment on column identity.invite.expires_at is 'From then on it is refused: seven days.';
comment on column identity.invite.accepted_at is 'When it was accepted.';
comment on column identity.invite.accepted_by is 'The account that accepted.';
select bulkhead.protect_table('identity.invite', 'tenant', '{"write": "none"}');

-- Both tables name companies in an array, which a foreign key cannot follow. Companies are never deleted, only
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
create trigger check_companies before insert or update of company_ids on identity.invite
  for each row execute function identity.check_companies();
comment on trigger check_companies on identity.invite is 'company_ids are companies of the tenant.';

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
  -- Held to the end of the transaction, so that the role read next cannot be taken away meanwhile.
  perform from tenants.tenant t where t.tenant_id = (select bulkhead.tenant_id()) for update;
  return coalesce(identity.acting_role(), 'none');
end
$body$;
comment on function identity.begin_member_change() is
  'Serialises changes to a tenant''s members, and tells the acting account''s role.';

create function identity.require_authority(acting text, variadic concerned text[]) returns void
  language plpgsql immutable
  set search_path = ''
as $body$
begin
  if acting = 'owner' or (acting = 'admin' and not 'owner' = any (concerned)) then
    return;
  end if;
  raise exception using errcode = '42501', constraint = 'membership_authority',
    message = 'this account may not do that to members of this tenant',
    hint = 'Owners may do everything, admins everything that does not touch an owner.';
end
$body$;
comment on function identity.require_authority(text, text[]) is
  'Refuses (42501) unless the acting role may touch members who have, or are to have, the concerned roles.';

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

create function identity.create_invite(
  address text, new_role text, new_module_roles text[], new_company_ids uuid[], token_hash bytea, at timestamptz
) returns uuid
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  acting constant text := identity.begin_member_change();
  tenant constant uuid := bulkhead.tenant_id();
  invite_id uuid;
begin
  perform identity.require_authority(acting, new_role);
  if exists (
    select from identity.membership m join identity.account a on a.id = m.account_id
    where m.tenant_id = tenant and m.deleted_at is null and a.email_normalised = address
  ) then
    raise exception using errcode = '23505', constraint = 'membership_account_unique',
      message = 'the address belongs to a member of this tenant already';
  end if;
  -- An expired invite is still open by its row; it must not block a new one.
  update identity.invite i set deleted_at = now()
    where i.tenant_id = tenant and i.email_normalised = address
      and i.accepted_at is null and i.deleted_at is null and i.expires_at <= at;
  insert into identity.invite
    (tenant_id, email_normalised, role, module_roles, company_ids, invited_by, expires_at)
    values (tenant, address, new_role, new_module_roles, new_company_ids, bulkhead.account_id(), at + interval '7 days')
    returning id into invite_id;
  insert into identity.one_time_token
    (id, type, token_hash, tenant_id, target_id, email_normalised, created_at, expires_at)
    values (gen_random_uuid(), 'invite', create_invite.token_hash, tenant, invite_id, address, at, at + interval '7 days');
  return invite_id;
end
$body$;
comment on function identity.create_invite(text, text, text[], uuid[], bytea, timestamptz) is
  'Invites an address into the context''s tenant for seven days. Owners may invite anybody, admins no owner.';

create function identity.revoke_invite(invite_id uuid, at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  acting constant text := identity.begin_member_change();
  invited_role text;
begin
  select i.role into invited_role from identity.invite i
    where i.tenant_id = (select bulkhead.tenant_id()) and i.id = invite_id
      and i.accepted_at is null and i.deleted_at is null
    for update;
  if not found then
    raise exception using errcode = '23503', constraint = 'invite_missing',
      message = 'there is no such open invite in this tenant';
  end if;
  perform identity.require_authority(acting, invited_role);
  update identity.one_time_token t set consumed_at = at
    where t.type = 'invite' and t.tenant_id = (select bulkhead.tenant_id()) and t.target_id = invite_id
      and t.consumed_at is null;
  update identity.invite i set deleted_at = now()
    where i.tenant_id = (select bulkhead.tenant_id()) and i.id = invite_id;
end
$body$;
comment on function identity.revoke_invite(uuid, timestamptz) is 'Withdraws an open invite of the context''s tenant.';

create function identity.accept_invite(token_hash bytea, at timestamptz) returns uuid
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  acting_account constant uuid := bulkhead.account_id();
  tenant constant uuid := bulkhead.tenant_id();
  invited identity.invite;
  accepting identity.account;
  member_id uuid;
  invite_id uuid;
begin
  -- Consuming comes first: of two acceptances at the same moment the second waits here and then finds nothing.
  update identity.one_time_token t set consumed_at = at
    where t.type = 'invite' and t.token_hash = accept_invite.token_hash and t.tenant_id = tenant
      and t.consumed_at is null and t.expires_at > at
    returning t.target_id into invite_id;
  select i.* into invited from identity.invite i
    where i.tenant_id = tenant and i.id = invite_id and i.accepted_at is null and i.deleted_at is null
    for update;
  if not found then
    raise exception using errcode = '22023', constraint = 'one_time_token_live',
      message = 'the invite is unknown, used, withdrawn or expired';
  end if;
  -- The account comes from the seal, never from an argument (T-46).
  select a.* into accepting from identity.account a where a.id = acting_account and a.disabled_at is null;
  if accepting.email_normalised is distinct from invited.email_normalised then
    raise exception using errcode = '42501', constraint = 'invite_address',
      message = 'the invite was sent to another address',
      hint = 'Sign in with the account of the invited address.';
  end if;
  if accepting.email_verified_at is null then
    raise exception using errcode = '42501', constraint = 'invite_address_verified',
      message = 'the account''s address is not verified',
      hint = 'Verify the address first.';
  end if;
  insert into identity.membership (tenant_id, account_id, role, module_roles, company_ids)
    values (tenant, acting_account, invited.role, invited.module_roles, invited.company_ids)
    returning id into member_id;
  update identity.invite i set accepted_at = at, accepted_by = acting_account
    where i.tenant_id = tenant and i.id = invite_id;
  return member_id;
end
$body$;
comment on function identity.accept_invite(bytea, timestamptz) is
  'Makes the context''s account a member of the context''s tenant, if its own, verified address is the invited one (T-36).';

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
  identity.members(), identity.change_member(uuid, text, text[], uuid[]), identity.remove_member(uuid),
  identity.create_invite(text, text, text[], uuid[], bytea, timestamptz), identity.revoke_invite(uuid, timestamptz)
  to bulkhead_app;
grant execute on function
  identity.accept_invite(bytea, timestamptz), identity.memberships_of_context(text), tenants.create_tenant(text, text)
  to bulkhead_identity;
grant select (id, tenant_id, account_id, role, module_roles, company_ids, deleted_at)
  on identity.membership to bulkhead_identity;
grant select (id, tenant_id, name, deleted_at) on tenants.tenant to bulkhead_identity;
