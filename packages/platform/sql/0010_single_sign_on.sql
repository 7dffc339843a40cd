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
