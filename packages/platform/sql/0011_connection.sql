-- Configuring single sign-on: connections, domains and who must use them.

create function identity.create_connection(connection_id uuid, protocol text, name text, config jsonb, secret bytea)
  returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform identity.require_authority(identity.begin_member_change(), 'owner');
  if (select count(*) from identity.connection c where c.tenant_id = (select bulkhead.tenant_id()) and c.deleted_at is null) >= 20 then
    raise exception using errcode = '23514', constraint = 'connection_limit', message = 'a tenant has at most 20 connections';
  end if;
  insert into identity.connection (id, tenant_id, protocol, name, config)
    values (connection_id, bulkhead.tenant_id(), create_connection.protocol, create_connection.name, create_connection.config);
  insert into identity.connection_directory (connection_id, tenant_id, protocol, enabled, secret_encrypted)
    values (create_connection.connection_id, bulkhead.tenant_id(), create_connection.protocol, false, secret);
end
$body$;
comment on function identity.create_connection(uuid, text, text, jsonb, bytea) is
  'Adds a connection to the context''s tenant, switched off. Owners alone.';

create function identity.keep_a_way_in() returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  if exists (
    select from identity.sign_in_policy p
    where p.tenant_id = (select bulkhead.tenant_id()) and p.single_sign_on_required
  ) and not (
    exists (select from identity.connection c
      where c.tenant_id = (select bulkhead.tenant_id()) and c.enabled and c.deleted_at is null)
    and exists (select from identity.domain_owner o where o.tenant_id = (select bulkhead.tenant_id()))
  ) then
    raise exception using errcode = '23514', constraint = 'sign_in_policy_needs_connection',
      message = 'single sign-on is required, and nobody could use it',
      hint = 'It needs a connection that is on and a proved domain. Stop requiring it first.';
  end if;
end
$body$;
comment on function identity.keep_a_way_in() is
  'Refuses (23514) when the context''s tenant requires single sign-on without a connection that is on and a proved domain.';

create function identity.change_connection(connection_id uuid, changes jsonb, secret bytea) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  target identity.connection;
begin
  perform identity.require_authority(identity.begin_member_change(), 'owner');
  select c.* into target from identity.connection c
    where c.tenant_id = (select bulkhead.tenant_id()) and c.id = change_connection.connection_id and c.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'connection_missing', message = 'there is no such connection in this tenant';
  end if;
  if exists (
    select from jsonb_array_elements(coalesce(changes -> 'roleMapping', '[]')) m
    cross join jsonb_array_elements_text(case jsonb_typeof(m -> 'companyIds') when 'array' then m -> 'companyIds' else '[]' end) named
    where not exists (
      select from tenants.company k
      where k.tenant_id = (select bulkhead.tenant_id()) and k.id::text = lower(named) and k.deleted_at is null
    )
  ) then
    raise exception using errcode = '23503', constraint = 'membership_companies_of_tenant',
      message = 'the role mapping names a company that this tenant does not have';
  end if;
  update identity.connection c set
      name = coalesce(changes ->> 'name', c.name),
      enabled = coalesce((changes ->> 'enabled')::boolean, c.enabled),
      config = coalesce(changes -> 'config', c.config),
      just_in_time = coalesce((changes ->> 'justInTime')::boolean, c.just_in_time),
      role_claim = case when changes ? 'roleClaim' then changes ->> 'roleClaim' else c.role_claim end,
      role_mapping = coalesce(changes -> 'roleMapping', c.role_mapping),
      unmapped = coalesce(changes ->> 'unmapped', c.unmapped),
      sync_roles = coalesce((changes ->> 'syncRoles')::boolean, c.sync_roles)
    where c.tenant_id = (select bulkhead.tenant_id()) and c.id = target.id
    returning c.* into target;
  update identity.connection_directory d
    set enabled = target.enabled, secret_encrypted = coalesce(secret, d.secret_encrypted)
    where d.connection_id = target.id;
  if secret is not null then
    perform bulkhead.audit_event('connection.change_secret', 'identity.connection', target.id);
  end if;
  perform identity.keep_a_way_in();
end
$body$;
comment on function identity.change_connection(uuid, jsonb, bytea) is
  'Changes a connection of the context''s tenant: name, enabled, config, justInTime, roleClaim, roleMapping, unmapped, syncRoles, as far as given; its secret when one is given. Owners alone.';

create function identity.remove_connection(connection_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform identity.require_authority(identity.begin_member_change(), 'owner');
  update identity.connection c set enabled = false, deleted_at = now()
    where c.tenant_id = (select bulkhead.tenant_id()) and c.id = remove_connection.connection_id and c.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'connection_missing', message = 'there is no such connection in this tenant';
  end if;
  update identity.connection_directory d set enabled = false, secret_encrypted = null
    where d.connection_id = remove_connection.connection_id;
  perform identity.keep_a_way_in();
end
$body$;
comment on function identity.remove_connection(uuid) is
  'Removes a connection of the context''s tenant with its secret; the sessions it started reach nothing any more. Owners alone.';

create function identity.add_domain(name text, challenge text) returns uuid
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  domain_id uuid;
begin
  perform identity.require_authority(identity.begin_member_change(), 'owner');
  if (select count(*) from identity.domain d where d.tenant_id = (select bulkhead.tenant_id()) and d.deleted_at is null) >= 100 then
    raise exception using errcode = '23514', constraint = 'domain_limit', message = 'a tenant has at most 100 domains';
  end if;
  insert into identity.domain (tenant_id, name, challenge) values (bulkhead.tenant_id(), add_domain.name, add_domain.challenge)
    returning id into domain_id;
  return domain_id;
end
$body$;
comment on function identity.add_domain(text, text) is 'Names a domain of the context''s tenant, not yet proved. Owners alone.';

create function identity.remove_domain(domain_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform identity.require_authority(identity.begin_member_change(), 'owner');
  update identity.domain d set deleted_at = now()
    where d.tenant_id = (select bulkhead.tenant_id()) and d.id = remove_domain.domain_id and d.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'domain_missing', message = 'there is no such domain in this tenant';
  end if;
  delete from identity.domain_owner o
    where o.tenant_id = (select bulkhead.tenant_id()) and o.domain_id = remove_domain.domain_id;
  perform identity.keep_a_way_in();
end
$body$;
comment on function identity.remove_domain(uuid) is 'Gives a domain of the context''s tenant up. Owners alone.';

create function identity.domains() returns table (
  id uuid, name text, challenge text, created_at timestamptz, verified_at timestamptz, checked_at timestamptz, failing_since timestamptz
)
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select d.id, d.name, d.challenge, d.created_at, o.verified_at, o.checked_at, o.failing_since
    from identity.domain d
    left join identity.domain_owner o on o.tenant_id = d.tenant_id and o.domain_id = d.id
    where d.tenant_id = (select bulkhead.tenant_id()) and d.deleted_at is null
    order by d.name;
end
$body$;
comment on function identity.domains() is 'The domains of the context''s tenant, and whether each is proved.';

-- The proof is a look-up in the DNS, which the database cannot make. bulkhead_app, through which an injection would
-- come, cannot run this; bulkhead_identity runs it after the look-up.
create function identity.verify_domain(domain_id uuid, at timestamptz, replaced_tenant uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  target identity.domain;
begin
  perform identity.require_authority(identity.begin_member_change(), 'owner');
  select d.* into target from identity.domain d
    where d.tenant_id = (select bulkhead.tenant_id()) and d.id = verify_domain.domain_id and d.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'domain_missing', message = 'there is no such domain in this tenant';
  end if;
  insert into identity.domain_owner as o (name, tenant_id, domain_id, challenge, verified_at, checked_at)
    values (target.name, target.tenant_id, target.id, target.challenge, at, at)
    on conflict on constraint domain_owner_pkey do update set
      tenant_id = excluded.tenant_id, domain_id = excluded.domain_id, challenge = excluded.challenge,
      verified_at = excluded.verified_at, checked_at = excluded.checked_at, failing_since = null
      where o.tenant_id = excluded.tenant_id or o.tenant_id = replaced_tenant;
  if not found then
    raise exception using errcode = '23505', constraint = 'domain_owner_pkey',
      message = 'another tenant has proved this domain',
      hint = 'It holds it as long as its own record is in the DNS.';
  end if;
  perform bulkhead.audit_event('domain.verify', 'identity.domain', target.id, json_build_object('name', target.name));
end
$body$;
comment on function identity.verify_domain(uuid, timestamptz, uuid) is
  'Records that a domain of the context''s tenant was proved. replaced_tenant: the holder whose own record was found to be gone. Owners alone.';

create function identity.record_domain_check(domain text, holder uuid, present boolean, at timestamptz) returns text
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  found_owner identity.domain_owner;
begin
  update identity.domain_owner o
    set checked_at = at, failing_since = case when present then null else coalesce(o.failing_since, at) end
    where o.name = domain and o.tenant_id = holder
    returning o.* into found_owner;
  if found_owner.failing_since <= at - interval '7 days' then
    delete from identity.domain_owner o where o.name = domain and o.tenant_id = holder;
    insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type, target_id, detail)
      values (holder, 'service', 'domain.lose', 'identity.domain', found_owner.domain_id, json_build_object('name', domain));
    return 'lost';
  end if;
  return case when found_owner.name is null then 'gone' when present then 'present' else 'failing' end;
end
$body$;
comment on function identity.record_domain_check(text, uuid, boolean, timestamptz) is
  'Records a look-up of a proved domain''s record: present, failing, or lost once it has been missing for seven days; gone when somebody else changed it meanwhile.';

create function identity.set_sign_in_policy(required boolean, break_glass uuid[]) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  fit integer;
begin
  perform identity.require_authority(identity.begin_member_change(), 'owner');
  select count(distinct m.account_id) into fit from identity.membership m
    join identity.account a on a.id = m.account_id and a.disabled_at is null
    where m.tenant_id = (select bulkhead.tenant_id()) and m.deleted_at is null and m.role = 'owner'
      and m.account_id = any (break_glass)
      and (
        exists (select from identity.passkey k where k.account_id = m.account_id and k.removed_at is null)
        or exists (select from identity.totp_factor f
          where f.account_id = m.account_id and f.removed_at is null and f.confirmed_at is not null)
      );
  if fit <> cardinality(break_glass) then
    raise exception using errcode = '23514', constraint = 'sign_in_policy_break_glass_fit',
      message = 'a break-glass account is an owner of this tenant with a second factor',
      hint = 'Add a passkey or an authenticator app to the account first.';
  end if;
  insert into identity.sign_in_policy as p (tenant_id, single_sign_on_required, break_glass_account_ids)
    values (bulkhead.tenant_id(), required, break_glass)
    on conflict on constraint sign_in_policy_one do update set
      single_sign_on_required = excluded.single_sign_on_required,
      break_glass_account_ids = excluded.break_glass_account_ids;
  perform identity.keep_a_way_in();
end
$body$;
comment on function identity.set_sign_in_policy(boolean, uuid[]) is
  'Requires single sign-on of the members of the context''s tenant, or stops requiring it. Owners alone.';
