-- Signing in through a connection: what its groups give, and what the session may reach.

create function identity.roles_of_groups(connection uuid, groups text[], out role text, out module_roles text[], out company_ids uuid[])
  language plpgsql stable
  set search_path = ''
as $body$
declare
  used identity.connection;
  matched jsonb;
begin
  select c.* into used from identity.connection c
    where c.tenant_id = (select bulkhead.tenant_id()) and c.id = connection and c.deleted_at is null;
  select jsonb_agg(m) into matched from jsonb_array_elements(used.role_mapping) m
    where used.role_claim is not null and m ->> 'value' = any (groups);
  if matched is null then
    role := case used.unmapped when 'member' then 'member' end;
    module_roles := '{}';
    return;
  end if;
  select case when bool_or(m ->> 'role' = 'admin') then 'admin' else 'member' end into role
    from jsonb_array_elements(matched) m;
  select coalesce(array_agg(distinct r order by r), '{}') into module_roles
    from jsonb_array_elements(matched) m cross join jsonb_array_elements_text(m -> 'moduleRoles') r;
  -- One group that is not limited to companies is enough to be limited to none.
  if not exists (select from jsonb_array_elements(matched) m where jsonb_typeof(m -> 'companyIds') = 'null') then
    select array_agg(distinct k.id) into company_ids
      from jsonb_array_elements(matched) m cross join jsonb_array_elements_text(m -> 'companyIds') named
      join tenants.company k on k.tenant_id = (select bulkhead.tenant_id()) and k.id::text = lower(named) and k.deleted_at is null;
    if company_ids is null then
      role := null;
    end if;
  end if;
end
$body$;
comment on function identity.roles_of_groups(uuid, text[]) is
  'What these groups give in the context''s tenant by a connection''s role mapping. role null: nothing, and no membership.';

create function identity.join_by_connection(connection uuid, groups text[]) returns text
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  acting_account constant uuid := bulkhead.account_id();
  tenant constant uuid := bulkhead.tenant_id();
  used identity.connection;
  present identity.membership;
  given record;
begin
  perform identity.begin_member_change();
  select c.* into used from identity.connection c
    where c.tenant_id = tenant and c.id = connection and c.enabled and c.deleted_at is null;
  if used.id is null or not identity.connection_vouches_for(connection, acting_account) or not exists (
    select from identity.provider_link l where l.connection_id = connection and l.account_id = acting_account
  ) then
    raise exception using errcode = '42501', constraint = 'connection_vouches',
      message = 'the connection does not vouch for this account in this tenant';
  end if;
  select m.* into present from identity.membership m
    where m.tenant_id = tenant and m.account_id = acting_account and m.deleted_at is null;
  select * into given from identity.roles_of_groups(connection, groups);
  if present.id is not null then
    if not used.sync_roles or present.role = 'owner' then
      return 'member';
    end if;
    if given.role is null then
      update identity.membership m set deleted_at = now() where m.tenant_id = tenant and m.id = present.id;
      return 'refused';
    end if;
    if (present.role, present.module_roles, present.company_ids) is distinct from (given.role, given.module_roles, given.company_ids) then
      update identity.membership m
        set role = given.role, module_roles = given.module_roles, company_ids = given.company_ids
        where m.tenant_id = tenant and m.id = present.id;
      return 'changed';
    end if;
    return 'member';
  end if;
  if not used.just_in_time or given.role is null then
    return 'refused';
  end if;
  -- Whoever was removed by a person comes back by a person's invite, not by signing in again.
  perform set_config('bulkhead.deleted', 'visible', true);
  if exists (select from identity.membership m where m.tenant_id = tenant and m.account_id = acting_account) and not used.sync_roles then
    perform set_config('bulkhead.deleted', '', true);
    return 'refused';
  end if;
  perform set_config('bulkhead.deleted', '', true);
  insert into identity.membership (tenant_id, account_id, role, module_roles, company_ids)
    values (tenant, acting_account, given.role, given.module_roles, given.company_ids);
  return 'joined';
end
$body$;
comment on function identity.join_by_connection(uuid, text[]) is
  'Just-in-time membership: makes the context''s account, if the connection vouches for it, a member of the context''s tenant with the roles its groups give, or brings those up to date. Returns joined, changed, member, or refused.';

alter table identity.session add column break_glass_tenants uuid[] not null default '{}';
comment on column identity.session.break_glass_tenants is
  'Tenants that require single sign-on and that it reached as break-glass: each is told once, when it first happens.';
grant update (break_glass_tenants) on identity.session to bulkhead_identity;

-- A session's memberships. One that a connection started has its own tenant alone, while the connection is on and the
-- address's domain is still proved; any other has the tenants that do not require single sign-on, and those where the
-- account is a break-glass owner and a second factor was used; that is written into their audit trails when the session
-- first reaches them, whether it began so or the policy, the role or the factor came later.
create function identity.memberships_of_session(context text, session_id uuid) returns table (
  id uuid, tenant_id uuid, tenant_name text, role text, module_roles text[], company_ids uuid[], second_factor_due boolean
)
  language plpgsql
  set search_path = ''
as $body$
declare
  reached record;
  opened uuid[] := '{}';
begin
  perform set_config('bulkhead.context', context, true);
  for reached in
    select m.id, m.tenant_id, t.name, m.role, m.module_roles, m.company_ids,
      coalesce(p.second_factor_required, false) and s.connection_id is null and not 'mfa' = any (s.amr) as factor_due,
      coalesce(p.single_sign_on_required, false) and s.connection_id is null
        and m.tenant_id <> all (s.break_glass_tenants) as breaks_glass
    from identity.membership m
    join tenants.tenant t on t.tenant_id = m.tenant_id
    join identity.session s on s.id = memberships_of_session.session_id and s.account_id = m.account_id
    left join identity.sign_in_policy p on p.tenant_id = m.tenant_id
    where m.account_id = (select bulkhead.account_id()) and m.deleted_at is null
      and case when s.connection_id is not null
        then m.tenant_id = s.confined_tenant_id and identity.connection_vouches_for(s.connection_id, m.account_id)
        else not coalesce(p.single_sign_on_required, false)
          or (m.role = 'owner' and m.account_id = any (p.break_glass_account_ids)
            and s.amr && array['mfa', 'otp', 'hwk', 'swk'])
        end
    order by t.name, m.id
  loop
    id := reached.id;
    tenant_id := reached.tenant_id;
    tenant_name := reached.name;
    role := reached.role;
    module_roles := reached.module_roles;
    company_ids := reached.company_ids;
    second_factor_due := reached.factor_due;
    return next;
    if reached.breaks_glass then
      opened := opened || reached.tenant_id;
    end if;
  end loop;
  if cardinality(opened) > 0 then
    perform identity.tell_broken_glass(context, memberships_of_session.session_id, opened);
  end if;
end
$body$;
comment on function identity.memberships_of_session(text, uuid) is
  'The memberships that a session of the account this sealed context names may act through. Runs with the caller''s privileges.';

create function identity.tell_broken_glass(context text, session_id uuid, opened uuid[]) returns void
  language plpgsql
  set search_path = ''
as $body$
declare
  present identity.session;
begin
  -- Of requests at once, the first has the row and tells; the others find it told.
  update identity.session s set break_glass_tenants = s.break_glass_tenants || opened
    where s.id = tell_broken_glass.session_id and s.ended_at is null and not s.break_glass_tenants @> opened
    returning s.* into present;
  if found then
    perform identity.record_event(context, 'session.break_glass', 'identity.session', present.id,
      json_build_object('methods', present.amr),
      json_build_object('ip', host(present.ip), 'agent', present.user_agent));
  end if;
end
$body$;
comment on function identity.tell_broken_glass(text, uuid, uuid[]) is
  'Writes that a session reached tenants as break-glass, once for each. Runs with the caller''s privileges.';

create function identity.connection_of_context(context text, connection_id uuid) returns table (
  id uuid, protocol text, name text, config jsonb, just_in_time boolean, role_claim text
)
  language plpgsql
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select c.id, c.protocol, c.name, c.config, c.just_in_time, c.role_claim from identity.connection c
    where c.tenant_id = (select bulkhead.tenant_id()) and c.id = connection_of_context.connection_id
      and c.enabled and c.deleted_at is null;
end
$body$;
comment on function identity.connection_of_context(text, uuid) is
  'A connection, if it is on, of the tenant this sealed context names. Runs with the caller''s privileges.';

create function identity.connections_of_context(context text) returns table (id uuid, protocol text)
  language plpgsql
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select c.id, c.protocol from identity.connection c
    where c.tenant_id = (select bulkhead.tenant_id()) and c.enabled and c.deleted_at is null
    order by c.created_at, c.id;
end
$body$;
comment on function identity.connections_of_context(text) is
  'The connections that are on of the tenant this sealed context names. Runs with the caller''s privileges.';

create function identity.domain_of_context(context text, domain_id uuid) returns table (name text, challenge text)
  language plpgsql
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select d.name, d.challenge from identity.domain d
    where d.tenant_id = (select bulkhead.tenant_id()) and d.id = domain_of_context.domain_id and d.deleted_at is null;
end
$body$;
comment on function identity.domain_of_context(text, uuid) is
  'A domain of the tenant this sealed context names. Runs with the caller''s privileges.';

create function identity.sign_in_standing(context text) returns table (tenant_id uuid, required boolean, break_glass boolean)
  language plpgsql
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select m.tenant_id, coalesce(p.single_sign_on_required, false),
      coalesce(m.role = 'owner' and m.account_id = any (p.break_glass_account_ids), false)
    from identity.membership m
    left join identity.sign_in_policy p on p.tenant_id = m.tenant_id
    where m.account_id = (select bulkhead.account_id()) and m.deleted_at is null;
end
$body$;
comment on function identity.sign_in_standing(text) is
  'For each membership of the account this sealed context names: whether single sign-on is required there, and whether the account is break-glass. Runs with the caller''s privileges.';

create function identity.unlink_provider(link_id uuid) returns boolean
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  delete from identity.provider_link l
    where l.id = link_id and l.account_id = (select bulkhead.account_id()) and l.connection_id is null;
  return found;
end
$body$;
comment on function identity.unlink_provider(uuid) is
  'Removes a provider of the service from the context''s account. A tenant''s own links end with its connection.';

-- For a tenant whose own provider lets nobody in any more, its break-glass owners neither: whoever runs the service, having
-- made sure who asks, lets passwords in again.
create function identity.release_connection(context text, connection_id uuid, reason text) returns boolean
  language plpgsql
  set search_path = ''
as $body$
declare
  lifted boolean;
begin
  perform set_config('bulkhead.context', context, true);
  perform identity.begin_member_change();
  update identity.connection c set enabled = false
    where c.tenant_id = (select bulkhead.tenant_id()) and c.id = release_connection.connection_id
      and c.enabled and c.deleted_at is null;
  if not found then
    raise exception using errcode = '22023', constraint = 'connection_enabled',
      message = 'this tenant has no connection with that id that is on',
      hint = 'bulkhead connection list shows them.';
  end if;
  update identity.connection_directory d set enabled = false where d.connection_id = release_connection.connection_id;
  update identity.sign_in_policy p set single_sign_on_required = false
    where p.tenant_id = (select bulkhead.tenant_id()) and p.single_sign_on_required and not exists (
      select from identity.connection c
      where c.tenant_id = (select bulkhead.tenant_id()) and c.enabled and c.deleted_at is null
    );
  lifted := found;
  perform bulkhead.audit_event('connection.release', 'identity.connection', release_connection.connection_id,
    json_build_object('reason', reason, 'requirement_lifted', lifted));
  return lifted;
end
$body$;
comment on function identity.release_connection(text, uuid, text) is
  'Switches a connection of the context''s tenant off, and stops requiring single sign-on where it was the last that was on; returns whether it did. Runs with the caller''s privileges: bulkhead_owner''s.';

create function identity.purge_sign_in_flows(at timestamptz) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  purged bigint;
begin
  delete from identity.sign_in_flow f where f.expires_at < at - interval '1 hour';
  get diagnostics purged = row_count;
  return purged;
end
$body$;
comment on function identity.purge_sign_in_flows(timestamptz) is 'Removes flows that ended an hour ago or more; returns how many.';

select bulkhead.exempt_table('identity.connection_directory', 'Read before a tenant is known; holds the secret that bulkhead_app may not see.');
select bulkhead.exempt_table('identity.domain_owner', 'Spans tenants by its nature; bulkhead_app learns of its own through identity.domains() only.');
select bulkhead.exempt_table('identity.sign_in_flow', 'Written before anybody is known.');

create policy connection_of_flow on identity.connection for select to bulkhead_identity
  using (tenant_id = (select bulkhead.tenant_id()) and deleted_at is null);
comment on policy connection_of_flow on identity.connection is
  'At sign-in: the connections of the tenant the seal names.';
create policy domain_to_verify on identity.domain for select to bulkhead_identity
  using (tenant_id = (select bulkhead.tenant_id()) and deleted_at is null);
comment on policy domain_to_verify on identity.domain is 'While a domain is proved: those of the tenant the seal names.';
create policy sign_in_policy_of_account on identity.sign_in_policy for select to bulkhead_identity
  using (tenant_id in (
    select m.tenant_id from identity.membership m
    where m.account_id = (select bulkhead.account_id()) and m.deleted_at is null
  ));
comment on policy sign_in_policy_of_account on identity.sign_in_policy is
  'At sign-in: the policies of the tenants of the account the seal names.';

grant select (id, tenant_id, created_at, protocol, name, enabled, config, just_in_time, role_claim, deleted_at)
  on identity.connection to bulkhead_identity;
grant select (id, tenant_id, name, challenge, deleted_at) on identity.domain to bulkhead_identity;
grant select (tenant_id, single_sign_on_required, break_glass_account_ids, second_factor_required) on identity.sign_in_policy to bulkhead_identity;
grant select on identity.connection_directory, identity.domain_owner, identity.sign_in_flow, identity.provider_link
  to bulkhead_identity;
grant insert (id, state_hash, browser_hash, secrets_encrypted, connection_id, provider, purpose, account_id, session_id,
  return_path, created_at, expires_at) on identity.sign_in_flow to bulkhead_identity;
grant update (answer_encrypted, consumed_at) on identity.sign_in_flow to bulkhead_identity;
grant insert (id, account_id, issuer, subject, email_normalised, created_at, last_used_at, connection_id)
  on identity.provider_link to bulkhead_identity;
grant update (last_used_at) on identity.provider_link to bulkhead_identity;
grant insert (confined_tenant_id, connection_id) on identity.session to bulkhead_identity;
grant insert (connection_id, session_ends_at) on identity.pending_sign_in to bulkhead_identity;
grant usage on schema identity to bulkhead_worker;
grant select on identity.domain_owner to bulkhead_worker;

revoke execute on function
  identity.role_mapping_valid(jsonb), identity.keep_flow_consumed(), identity.domain_of(text),
  identity.connection_vouches_for(uuid, uuid), identity.refuse_unvouched(),
  identity.create_connection(uuid, text, text, jsonb, bytea), identity.keep_a_way_in(),
  identity.change_connection(uuid, jsonb, bytea), identity.remove_connection(uuid), identity.add_domain(text, text),
  identity.remove_domain(uuid), identity.domains(), identity.verify_domain(uuid, timestamptz, uuid),
  identity.record_domain_check(text, uuid, boolean, timestamptz), identity.set_sign_in_policy(boolean, uuid[]),
  identity.roles_of_groups(uuid, text[]), identity.join_by_connection(uuid, text[]),
  identity.tell_broken_glass(text, uuid, uuid[]),
  identity.memberships_of_session(text, uuid), identity.sign_in_standing(text), identity.unlink_provider(uuid),
  identity.connection_of_context(text, uuid), identity.connections_of_context(text), identity.domain_of_context(text, uuid),
  identity.release_connection(text, uuid, text),
  identity.purge_sign_in_flows(timestamptz)
  from public;
grant execute on function
  identity.create_connection(uuid, text, text, jsonb, bytea), identity.change_connection(uuid, jsonb, bytea),
  identity.remove_connection(uuid), identity.add_domain(text, text), identity.remove_domain(uuid), identity.domains(),
  identity.set_sign_in_policy(boolean, uuid[])
  to bulkhead_app;
grant execute on function
  identity.connection_vouches_for(uuid, uuid), identity.verify_domain(uuid, timestamptz, uuid),
  identity.join_by_connection(uuid, text[]), identity.memberships_of_session(text, uuid),
  identity.tell_broken_glass(text, uuid, uuid[]),
  identity.sign_in_standing(text), identity.unlink_provider(uuid), identity.connection_of_context(text, uuid),
  identity.connections_of_context(text), identity.domain_of_context(text, uuid)
  to bulkhead_identity;
grant execute on function
  identity.record_domain_check(text, uuid, boolean, timestamptz), identity.purge_sign_in_flows(timestamptz)
  to bulkhead_worker;
