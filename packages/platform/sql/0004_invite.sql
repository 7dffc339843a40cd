-- Invites: tenant data, written by the functions below alone. The token that accepts one is a one-time token like
-- any other and lives with them, so that a tenant's invites can be listed without a secret among them.

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
select bulkhead.protect_table('identity.invite', 'tenant', '{"write": "none", "personal": {"columns": ["email_normalised"]}}');

create trigger check_companies before insert or update of company_ids on identity.invite
  for each row execute function identity.check_companies();
comment on trigger check_companies on identity.invite is 'company_ids are companies of the tenant.';

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
      and i.accepted_at is null and i.deleted_at is null;
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
  inviting_role text;
  member_id uuid;
  invite_id uuid;
begin
  -- Of two acceptances at the same moment the second waits here, and then finds the token consumed.
  perform identity.begin_member_change();
  update identity.one_time_token t set consumed_at = at
    where t.type = 'invite' and t.token_hash = accept_invite.token_hash and t.tenant_id = tenant
      and t.consumed_at is null and t.expires_at > at
    returning t.target_id into invite_id;
  select i.* into invited from identity.invite i
    where i.tenant_id = tenant and i.id = invite_id and i.accepted_at is null and i.deleted_at is null;
  -- An invite is as good as its inviter: whoever was removed cannot return by one made in advance.
  select m.role into inviting_role from identity.membership m
    where m.tenant_id = tenant and m.account_id = invited.invited_by and m.deleted_at is null;
  if invited.id is null or not identity.has_authority(inviting_role, invited.role) then
    raise exception using errcode = '22023', constraint = 'one_time_token_live',
      message = 'the invite is unknown, used, withdrawn, expired, or its inviter may no longer invite';
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

revoke execute on function
  identity.create_invite(text, text, text[], uuid[], bytea, timestamptz), identity.revoke_invite(uuid, timestamptz),
  identity.accept_invite(bytea, timestamptz)
  from public;
grant execute on function
  identity.create_invite(text, text, text[], uuid[], bytea, timestamptz), identity.revoke_invite(uuid, timestamptz)
  to bulkhead_app;
grant execute on function identity.accept_invite(bytea, timestamptz) to bulkhead_identity;
