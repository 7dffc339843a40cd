-- Single sign-on: a tenant's connections to its identity provider, the domains it proved to hold, who must use it, and
-- the flows that are under way. What a tenant's provider may do ends at three walls, all of them here: it vouches for
-- addresses of the tenant's proved domains alone; a link it makes is its own and no other connection's; and a session it
-- starts is confined to the tenant. A tenant whose provider lies can therefore reach nobody's data but its own.
--
-- Whoever configures a connection decides who may sign in as whom, an owner included: these functions want an owner.

create function identity.role_mapping_valid(mapping jsonb) returns boolean
  language sql immutable strict parallel safe
begin atomic
  select case when jsonb_typeof(mapping) <> 'array' or jsonb_array_length(mapping) > 100 then false else
    coalesce((
      select bool_and(
        jsonb_typeof(m) = 'object'
        and not exists (select from jsonb_object_keys(case jsonb_typeof(m) when 'object' then m else '{}' end) k
          where k not in ('value', 'role', 'moduleRoles', 'companyIds'))
        and jsonb_typeof(m -> 'value') = 'string' and length(m ->> 'value') between 1 and 200
        and coalesce(m ->> 'role' in ('admin', 'member'), false)
        and jsonb_typeof(m -> 'moduleRoles') = 'array'
        and jsonb_typeof(m -> 'companyIds') in ('array', 'null')
        and (m ->> 'role' = 'member' or jsonb_typeof(m -> 'companyIds') = 'null')
        and (jsonb_typeof(m -> 'companyIds') = 'null' or m -> 'companyIds' <> '[]'::jsonb)
        and identity.module_roles_valid(array(select jsonb_array_elements_text(
          case jsonb_typeof(m -> 'moduleRoles') when 'array' then m -> 'moduleRoles' else '[]' end)))
      ) from jsonb_array_elements(mapping) m), true) end;
end;
comment on function identity.role_mapping_valid(jsonb) is
  'Whether this is a role mapping: at most 100 of {"value", "role": "admin" or "member", "moduleRoles": [...], "companyIds": [...] or null}. Nobody becomes an owner by one.';

create table identity.connection (
  id uuid not null,
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  protocol text not null,
  name text not null,
  enabled boolean not null default false,
  config jsonb not null,
  just_in_time boolean not null default false,
  role_claim text,
  role_mapping jsonb not null default '[]',
  unmapped text not null default 'member',
  sync_roles boolean not null default false,
  constraint connection_pkey primary key (tenant_id, id),
  constraint connection_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint connection_protocol_known check (protocol in ('oidc', 'saml')),
  constraint connection_name_length check (length(name) between 1 and 100),
  constraint connection_config_object check (jsonb_typeof(config) = 'object' and length(config::text) <= 200000),
  constraint connection_role_claim_length check (length(role_claim) between 1 and 200),
  constraint connection_role_mapping_valid check (identity.role_mapping_valid(role_mapping)),
  constraint connection_unmapped_known check (unmapped in ('member', 'refuse')),
  constraint connection_sync_needs_claim check (not sync_roles or role_claim is not null)
);
comment on table identity.connection is
  'A tenant''s way to its own identity provider. Written by the functions below alone; its secret is in identity.connection_directory.';
comment on column identity.connection.id is 'Version 4 UUID.';
comment on column identity.connection.tenant_id is 'The tenant.';
comment on column identity.connection.created_at is 'When it was made.';
comment on column identity.connection.updated_at is 'Last change; kept by trigger.';
comment on column identity.connection.deleted_at is 'When it was removed.';
comment on column identity.connection.protocol is 'oidc or saml; never changes.';
comment on column identity.connection.name is 'What people call it.';
comment on column identity.connection.enabled is 'Whether it signs anybody in.';
comment on column identity.connection.config is 'What its protocol needs, checked by the protocol''s own schema; nothing secret.';
comment on column identity.connection.just_in_time is 'Whether a person of a proved domain becomes a member by signing in through it.';
comment on column identity.connection.role_claim is 'The claim or attribute that carries a person''s groups; null: none is read.';
comment on column identity.connection.role_mapping is 'Which roles a group gives; see identity.role_mapping_valid.';
comment on column identity.connection.unmapped is 'Whom no group fits: member without module roles, or refuse.';
comment on column identity.connection.sync_roles is 'Whether each sign-in sets a member''s roles anew from the groups; owners excepted.';
select bulkhead.protect_table('identity.connection', 'tenant', '{"write": "none", "immutable": ["protocol"]}');

create table identity.connection_directory (
  connection_id uuid not null,
  tenant_id uuid not null,
  protocol text not null,
  enabled boolean not null,
  secret_encrypted bytea,
  constraint connection_directory_pkey primary key (connection_id),
  constraint connection_directory_tenant_unique unique (connection_id, tenant_id),
  constraint connection_directory_connection_fkey foreign key (tenant_id, connection_id) references identity.connection (tenant_id, id)
);
comment on table identity.connection_directory is
  'Where a connection belongs, before a context for its tenant can be sealed, and the secret that nobody''s list shows.';
comment on column identity.connection_directory.connection_id is 'The connection.';
comment on column identity.connection_directory.tenant_id is 'Its tenant.';
comment on column identity.connection_directory.protocol is 'oidc or saml.';
comment on column identity.connection_directory.enabled is 'As in the connection; false once that is removed. What the walls below read.';
comment on column identity.connection_directory.secret_encrypted is
  'OpenID Connect client secret or SAML signing key, encrypted outside the database and bound to (identity.connection, id, secret); null: none.';

create table identity.domain (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  name text not null,
  challenge text not null,
  constraint domain_pkey primary key (tenant_id, id),
  constraint domain_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint domain_name_form check (
    name collate "C" ~ '^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$' and length(name) <= 240
  ),
  constraint domain_challenge_form check (challenge ~ '^[0-9a-f]{32}$')
);
create unique index domain_name_unique on identity.domain (tenant_id, name) where deleted_at is null;
comment on table identity.domain is
  'A domain a tenant says is its own. Any tenant may say so; who proved it stands in identity.domain_owner.';
comment on index identity.domain_name_unique is 'A tenant names a domain once. Another may name it too: a refusal would tell that somebody has it.';
comment on column identity.domain.id is 'Version 4 UUID.';
comment on column identity.domain.tenant_id is 'The tenant.';
comment on column identity.domain.created_at is 'When it was added.';
comment on column identity.domain.updated_at is 'Last change; kept by trigger.';
comment on column identity.domain.deleted_at is 'When it was removed.';
comment on column identity.domain.name is 'Lower case, in its ASCII form (IDNA), no dot at the end. Exact: a domain does not prove its subdomains.';
comment on column identity.domain.challenge is 'What the TXT record of _bulkhead-challenge.<name> must hold, after bulkhead-domain=; 128 random bits in hex.';
select bulkhead.protect_table('identity.domain', 'tenant', '{"write": "none", "immutable": ["name", "challenge"]}');

create table identity.domain_owner (
  name text not null,
  tenant_id uuid not null,
  domain_id uuid not null,
  challenge text not null,
  verified_at timestamptz not null,
  checked_at timestamptz not null,
  failing_since timestamptz,
  constraint domain_owner_pkey primary key (name),
  constraint domain_owner_domain_fkey foreign key (tenant_id, domain_id) references identity.domain (tenant_id, id),
  constraint domain_owner_times check (verified_at <= checked_at and failing_since <= checked_at)
);
create index domain_owner_tenant_idx on identity.domain_owner (tenant_id, domain_id);
comment on table identity.domain_owner is
  'Which tenant proved a domain: one at most. Whoever proves it while the holder''s own record is gone takes it over.';
comment on index identity.domain_owner_tenant_idx is 'A tenant''s proved domains.';
comment on column identity.domain_owner.name is 'The domain.';
comment on column identity.domain_owner.tenant_id is 'The tenant that proved it.';
comment on column identity.domain_owner.domain_id is 'Its row in identity.domain.';
comment on column identity.domain_owner.challenge is 'The record it was proved by, for checking again.';
comment on column identity.domain_owner.verified_at is 'When it was proved.';
comment on column identity.domain_owner.checked_at is 'When it was last looked up.';
comment on column identity.domain_owner.failing_since is 'Since when the record is missing; null while it is there. After seven days the domain is no longer proved.';

create table identity.sign_in_policy (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  single_sign_on_required boolean not null,
  break_glass_account_ids uuid[] not null,
  second_factor_required boolean not null default false,
  constraint sign_in_policy_pkey primary key (tenant_id, id),
  constraint sign_in_policy_one unique (tenant_id),
  constraint sign_in_policy_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint sign_in_policy_way_in check (
    cardinality(break_glass_account_ids) <= 5
    and (not single_sign_on_required or cardinality(break_glass_account_ids) >= 1)
  )
);
comment on table identity.sign_in_policy is 'How members of a tenant must sign in. No row: as they like.';
comment on column identity.sign_in_policy.id is 'Version 4 UUID.';
comment on column identity.sign_in_policy.tenant_id is 'The tenant.';
comment on column identity.sign_in_policy.created_at is 'When it was first set.';
comment on column identity.sign_in_policy.updated_at is 'Last change; kept by trigger.';
comment on column identity.sign_in_policy.deleted_at is 'Always null.';
comment on column identity.sign_in_policy.single_sign_on_required is 'Whether only a session of one of the tenant''s connections reaches the tenant.';
comment on column identity.sign_in_policy.break_glass_account_ids is
  'Owners who may still sign in with password and second factor, for the day the provider is down: 1 to 5 while it is required.';
comment on column identity.sign_in_policy.second_factor_required is
  'Whether the tenant is reached only by sessions in which two factors were proved; those of its own connections excepted.';
select bulkhead.protect_table('identity.sign_in_policy', 'tenant', '{"write": "none"}');

create table identity.sign_in_flow (
  id uuid not null,
  state_hash bytea not null,
  browser_hash bytea not null,
  secrets_encrypted bytea not null,
  connection_id uuid,
  provider text,
  purpose text not null,
  account_id uuid,
  session_id uuid,
  return_path text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  answer_encrypted bytea,
  consumed_at timestamptz,
  constraint sign_in_flow_pkey primary key (id),
  constraint sign_in_flow_state_unique unique (state_hash),
  constraint sign_in_flow_connection_fkey foreign key (connection_id) references identity.connection_directory (connection_id),
  constraint sign_in_flow_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint sign_in_flow_session_fkey foreign key (session_id) references identity.session (id) on delete cascade,
  constraint sign_in_flow_hashes_sha256 check (octet_length(state_hash) = 32 and octet_length(browser_hash) = 32),
  constraint sign_in_flow_one_provider check ((connection_id is null) <> (provider is null)),
  constraint sign_in_flow_purpose_known check (purpose in ('sign_in', 'link')),
  -- A link is made to who is signed in, and by a provider of the service: a tenant's provider vouches for itself.
  constraint sign_in_flow_link_complete check (
    (purpose = 'link') = (account_id is not null) and (purpose = 'link') = (session_id is not null)
    and (purpose <> 'link' or provider is not null)
  ),
  constraint sign_in_flow_return_path_form check (return_path ~ '^/([^/\\[:cntrl:]][^\\[:cntrl:]]*)?$' and length(return_path) <= 500),
  constraint sign_in_flow_life check (expires_at > created_at and expires_at <= created_at + interval '10 minutes')
);
create index sign_in_flow_expiry_idx on identity.sign_in_flow (expires_at);
create index sign_in_flow_connection_idx on identity.sign_in_flow (connection_id);
create index sign_in_flow_account_idx on identity.sign_in_flow (account_id);
create index sign_in_flow_session_idx on identity.sign_in_flow (session_id);
comment on table identity.sign_in_flow is
  'A sign-in that left for an identity provider and has not come back. Works once, in the browser it began in, for ten minutes.';
comment on index identity.sign_in_flow_expiry_idx is 'Flows to be purged.';
comment on index identity.sign_in_flow_connection_idx is 'Flows of a connection.';
comment on index identity.sign_in_flow_account_idx is 'Flows of an account.';
comment on index identity.sign_in_flow_session_idx is 'Flows of a session.';
comment on column identity.sign_in_flow.id is 'Version 4 UUID.';
comment on column identity.sign_in_flow.state_hash is 'SHA-256 of the state (SAML: RelayState) that went to the provider.';
comment on column identity.sign_in_flow.browser_hash is 'SHA-256 of the secret in the browser''s flow cookie.';
comment on column identity.sign_in_flow.secrets_encrypted is
  'JSON of what the answer is checked with: nonce and PKCE verifier, or the SAML request''s id; encrypted outside the database, bound to (identity.sign_in_flow, id, secrets).';
comment on column identity.sign_in_flow.connection_id is 'The tenant''s connection; null for a provider of the service.';
comment on column identity.sign_in_flow.provider is 'The provider of the service, as configuration names it; null for a connection.';
comment on column identity.sign_in_flow.purpose is 'sign_in, or link: add the provider to the account that is signed in.';
comment on column identity.sign_in_flow.account_id is 'Link: to which account.';
comment on column identity.sign_in_flow.session_id is 'Link: the session that asked, which must still be alive at the end.';
comment on column identity.sign_in_flow.return_path is 'Where to go afterwards: a path of this origin.';
comment on column identity.sign_in_flow.created_at is 'When it began.';
comment on column identity.sign_in_flow.expires_at is 'From then on it is refused.';
comment on column identity.sign_in_flow.answer_encrypted is
  'SAML: what the provider posted, until the browser comes with its cookie; bound to (identity.sign_in_flow, id, answer).';
comment on column identity.sign_in_flow.consumed_at is 'When it was used; final.';

create function identity.keep_flow_consumed() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '23514', constraint = 'sign_in_flow_live',
    message = 'this sign-in came back already', hint = 'Start it again.';
end
$body$;
comment on function identity.keep_flow_consumed() is 'Refuses to change a consumed flow: a state works once.';
create trigger keep_flow_consumed before update on identity.sign_in_flow
  for each row when (old.consumed_at is not null) execute function identity.keep_flow_consumed();
comment on trigger keep_flow_consumed on identity.sign_in_flow is 'A consumed flow never works again.';

-- A subject is known within the provider that names it. A tenant may claim any issuer (a SAML entity id is a word
-- anybody can write), so what its connection links is kept apart from everybody else's.
alter table identity.provider_link
  add column connection_id uuid,
  drop constraint provider_link_subject_unique,
  drop constraint provider_link_issuer_form,
  add constraint provider_link_subject_unique unique nulls not distinct (connection_id, issuer, subject),
  add constraint provider_link_connection_fkey foreign key (connection_id) references identity.connection_directory (connection_id),
  add constraint provider_link_subject_length check (length(subject) between 1 and 1024),
  add constraint provider_link_issuer_form check (
    issuer ~ '^https://[^\s]+$' or (connection_id is not null and issuer ~ '^[^\s]+$' and length(issuer) <= 1024)
  );
create index provider_link_connection_idx on identity.provider_link (connection_id, account_id);
comment on index identity.provider_link_connection_idx is 'What a connection linked.';
comment on column identity.provider_link.connection_id is 'The tenant''s connection that made it and alone may use it; null: a provider of the service.';

alter table identity.session
  add column confined_tenant_id uuid,
  add column connection_id uuid,
  add constraint session_connection_fkey foreign key (connection_id, confined_tenant_id)
    references identity.connection_directory (connection_id, tenant_id),
  add constraint session_connection_confines check ((confined_tenant_id is null) = (connection_id is null));
create index session_connection_idx on identity.session (connection_id) where ended_at is null;
comment on index identity.session_connection_idx is 'Live sessions a connection started.';
comment on column identity.session.confined_tenant_id is 'The one tenant it reaches: it was started by that tenant''s own provider. Null: all of the account''s.';
comment on column identity.session.connection_id is 'The connection that started it.';

-- A second factor asked for in between must not widen what the connection may start.
alter table identity.pending_sign_in
  add column connection_id uuid,
  add column session_ends_at timestamptz,
  add constraint pending_sign_in_connection_fkey foreign key (connection_id) references identity.connection_directory (connection_id);
create index pending_sign_in_connection_idx on identity.pending_sign_in (connection_id) where connection_id is not null;
comment on index identity.pending_sign_in_connection_idx is 'Sign-ins under way through a connection.';
comment on column identity.pending_sign_in.connection_id is
  'The tenant''s connection that vouched for the first factor; the session will be confined to its tenant. Null: none.';
comment on column identity.pending_sign_in.session_ends_at is
  'When the session ends at the latest, because the provider''s own ends then; null: it sets no end.';

create function identity.domain_of(email_normalised text) returns text
  language sql immutable strict parallel safe
  return split_part(email_normalised, '@', 2);
comment on function identity.domain_of(text) is 'The domain of a normalised address.';

create function identity.connection_vouches_for(connection uuid, account uuid) returns boolean
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return exists (
    select from identity.connection_directory d
    join identity.domain_owner o on o.tenant_id = d.tenant_id
    join identity.account a on identity.domain_of(a.email_normalised) = o.name
    where d.connection_id = connection and d.enabled
      and a.id = account and a.email_verified_at is not null and a.disabled_at is null
  );
end
$body$;
comment on function identity.connection_vouches_for(uuid, uuid) is
  'Whether a connection is on, and the account''s verified address lies in a domain its tenant has proved.';

create function identity.refuse_unvouched() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  confined_tenant uuid;
begin
  if not identity.connection_vouches_for(new.connection_id, new.account_id) then
    raise exception using errcode = '42501', constraint = 'connection_vouches',
      message = 'the connection does not vouch for this account''s address',
      hint = 'The tenant proves the address''s domain first, and the account''s address is verified.';
  end if;
  if tg_table_name = 'session' then
    select d.tenant_id into confined_tenant from identity.connection_directory d where d.connection_id = new.connection_id;
    if new.confined_tenant_id is distinct from confined_tenant or not exists (
      select from identity.provider_link l where l.connection_id = new.connection_id and l.account_id = new.account_id
    ) then
      raise exception using errcode = '42501', constraint = 'connection_vouches',
        message = 'a connection starts sessions in its own tenant, for accounts linked to it';
    end if;
  elsif new.email_normalised is distinct from (select a.email_normalised from identity.account a where a.id = new.account_id) then
    raise exception using errcode = '42501', constraint = 'connection_vouches',
      message = 'a connection links the account of the address it vouches for, and no other';
  end if;
  return new;
end
$body$;
comment on function identity.refuse_unvouched() is
  'Refuses what a tenant''s provider is not entitled to: an account outside its domains, a session beyond its tenant.';
create trigger refuse_unvouched before insert on identity.session
  for each row when (new.connection_id is not null) execute function identity.refuse_unvouched();
comment on trigger refuse_unvouched on identity.session is 'A connection''s session is confined to its tenant and its domains.';
create trigger refuse_unvouched before insert on identity.provider_link
  for each row when (new.connection_id is not null) execute function identity.refuse_unvouched();
comment on trigger refuse_unvouched on identity.provider_link is 'A connection links accounts of its domains alone.';

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

-- A session's memberships. One that a connection started has its own tenant alone, while the connection is on and the
-- address's domain is still proved; any other has the tenants that do not require single sign-on, and those where the
-- account is a break-glass owner and a second factor was used.
create function identity.memberships_of_session(context text, session_id uuid) returns table (
  id uuid, tenant_id uuid, tenant_name text, role text, module_roles text[], company_ids uuid[], second_factor_due boolean
)
  language plpgsql
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select m.id, m.tenant_id, t.name, m.role, m.module_roles, m.company_ids,
      coalesce(p.second_factor_required, false) and s.connection_id is null and not 'mfa' = any (s.amr)
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
    order by t.name, m.id;
end
$body$;
comment on function identity.memberships_of_session(text, uuid) is
  'The memberships that a session of the account this sealed context names may act through. Runs with the caller''s privileges.';

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
  identity.memberships_of_session(text, uuid), identity.sign_in_standing(text), identity.unlink_provider(uuid),
  identity.connection_of_context(text, uuid), identity.connections_of_context(text), identity.domain_of_context(text, uuid),
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
  identity.sign_in_standing(text), identity.unlink_provider(uuid), identity.connection_of_context(text, uuid),
  identity.connections_of_context(text), identity.domain_of_context(text, uuid)
  to bulkhead_identity;
grant execute on function
  identity.record_domain_check(text, uuid, boolean, timestamptz), identity.purge_sign_in_flows(timestamptz)
  to bulkhead_worker;
