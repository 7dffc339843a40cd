-- SAML: the key this installation signs its requests with, what is known of each connection's identity provider, and
-- which assertions were used. What a tenant's owner writes goes through one function under a sealed context; what the
-- refresh duty writes goes through another, which changes nothing but what a provider's own metadata says.

create table identity.saml_key (
  id uuid not null,
  certificate text not null,
  private_key_encrypted bytea not null,
  created_at timestamptz not null,
  constraint saml_key_pkey primary key (id),
  constraint saml_key_certificate_form check (certificate ~ '^-----BEGIN CERTIFICATE-----' and length(certificate) <= 8192)
);
create unique index saml_key_one on identity.saml_key ((true));
comment on table identity.saml_key is
  'What this installation signs SAML requests with: one key, which every identity provider knows by its certificate.';
comment on index identity.saml_key_one is 'Two servers that start at once make one key.';
comment on column identity.saml_key.id is 'Version 4 UUID.';
comment on column identity.saml_key.certificate is 'Self-signed, PEM; stands in the metadata.';
comment on column identity.saml_key.private_key_encrypted is
  'PKCS #8, encrypted outside the database, bound to (identity.saml_key, id, private_key).';
comment on column identity.saml_key.created_at is 'When it was made.';

create table identity.saml_provider (
  connection_id uuid not null,
  entity_id text not null,
  sign_on_url text not null,
  sign_on_binding text not null,
  certificates text[] not null,
  metadata_url text,
  changed_at timestamptz not null,
  next_refresh_at timestamptz,
  refreshed_at timestamptz,
  failing_since timestamptz,
  failure text,
  constraint saml_provider_pkey primary key (connection_id),
  constraint saml_provider_connection_fkey foreign key (connection_id) references identity.connection_directory (connection_id),
  constraint saml_provider_entity_id_form check (entity_id ~ '^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$' and length(entity_id) <= 1024),
  constraint saml_provider_sign_on_url_form check (
    sign_on_url ~ '^https://[^\s]+$' or sign_on_url ~ '^http://(localhost|127\.0\.0\.1|\[::1\])[:/][^\s]*$'
  ),
  constraint saml_provider_sign_on_binding_known check (sign_on_binding in ('redirect', 'post')),
  constraint saml_provider_certificates_some check (
    cardinality(certificates) between 1 and 10 and array_position(certificates, null) is null
    and length(array_to_string(certificates, '')) <= 100000
  ),
  constraint saml_provider_metadata_url_form check (metadata_url ~ '^https?://[^\s]+$' and length(metadata_url) <= 2048),
  constraint saml_provider_refresh_of_url check ((metadata_url is null) = (next_refresh_at is null)),
  constraint saml_provider_failure_told check ((failing_since is null) = (failure is null) and length(failure) <= 300)
);
create index saml_provider_refresh_idx on identity.saml_provider (next_refresh_at) where next_refresh_at is not null;
comment on table identity.saml_provider is
  'What a SAML connection''s identity provider says of itself: read before a tenant is known, written by an owner or by its own metadata.';
comment on index identity.saml_provider_refresh_idx is 'Whose metadata is to be fetched again.';
comment on column identity.saml_provider.connection_id is 'The connection.';
comment on column identity.saml_provider.entity_id is 'Its entity id: what every assertion''s Issuer must equal.';
comment on column identity.saml_provider.sign_on_url is 'Where people are sent to sign in.';
comment on column identity.saml_provider.sign_on_binding is 'How: redirect or post.';
comment on column identity.saml_provider.certificates is 'What its signatures are verified with, PEM: several while it changes from one to the next.';
comment on column identity.saml_provider.metadata_url is 'Where its metadata is fetched again; null: it was uploaded.';
comment on column identity.saml_provider.changed_at is 'When any of it last changed.';
comment on column identity.saml_provider.next_refresh_at is 'When the metadata is fetched next; null without an address.';
comment on column identity.saml_provider.refreshed_at is 'When it was last fetched and understood.';
comment on column identity.saml_provider.failing_since is 'Since when fetching fails; what was known stays in force.';
comment on column identity.saml_provider.failure is 'Why, for the administrator.';

create table identity.saml_assertion (
  connection_id uuid not null,
  id_hash bytea not null,
  expires_at timestamptz not null,
  constraint saml_assertion_pkey primary key (connection_id, id_hash),
  constraint saml_assertion_connection_fkey foreign key (connection_id) references identity.connection_directory (connection_id),
  constraint saml_assertion_id_sha256 check (octet_length(id_hash) = 32)
);
create index saml_assertion_expiry_idx on identity.saml_assertion (expires_at);
comment on table identity.saml_assertion is 'Assertions that signed somebody in, until they end: each does so once.';
comment on index identity.saml_assertion_expiry_idx is 'What may be forgotten.';
comment on column identity.saml_assertion.connection_id is 'The connection.';
comment on column identity.saml_assertion.id_hash is 'SHA-256 of the assertion''s ID.';
comment on column identity.saml_assertion.expires_at is 'When its time has passed, whatever the clocks: it is refused for that then.';

create function identity.write_saml_provider(connection uuid, provider jsonb, at timestamptz) returns boolean
  language plpgsql
  set search_path = ''
as $body$
declare
  given constant text[] := array(select jsonb_array_elements_text(provider -> 'certificates'));
  before identity.saml_provider;
begin
  select p.* into before from identity.saml_provider p where p.connection_id = connection for update;
  insert into identity.saml_provider as p (connection_id, entity_id, sign_on_url, sign_on_binding, certificates,
      metadata_url, changed_at, next_refresh_at, refreshed_at)
    values (connection, provider ->> 'entityId', provider ->> 'signOnUrl', provider ->> 'signOnBinding', given,
      provider ->> 'metadataUrl', at,
      case when provider ->> 'metadataUrl' is not null then at + interval '1 day' end, at)
    on conflict on constraint saml_provider_pkey do update set
      entity_id = excluded.entity_id, sign_on_url = excluded.sign_on_url, sign_on_binding = excluded.sign_on_binding,
      certificates = excluded.certificates, metadata_url = excluded.metadata_url,
      next_refresh_at = excluded.next_refresh_at, refreshed_at = excluded.refreshed_at,
      failing_since = null, failure = null;
  if (before.entity_id, before.sign_on_url, before.sign_on_binding, before.certificates, before.metadata_url)
    is not distinct from
    (provider ->> 'entityId', provider ->> 'signOnUrl', provider ->> 'signOnBinding', given, provider ->> 'metadataUrl')
  then
    return false;
  end if;
  update identity.saml_provider p set changed_at = at where p.connection_id = connection;
  return true;
end
$body$;
comment on function identity.write_saml_provider(uuid, jsonb, timestamptz) is
  'Stores {entityId, signOnUrl, signOnBinding, certificates, metadataUrl}; returns whether anything is different. For the two functions below.';

create function identity.set_saml_provider(connection uuid, provider jsonb, summary json, at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform identity.require_authority(identity.begin_member_change(), 'owner');
  if not exists (
    select from identity.connection c
    where c.tenant_id = (select bulkhead.tenant_id()) and c.id = connection and c.protocol = 'saml' and c.deleted_at is null
  ) then
    raise exception using errcode = '23503', constraint = 'connection_missing', message = 'there is no such connection in this tenant';
  end if;
  if identity.write_saml_provider(connection, provider, at) then
    perform bulkhead.audit_event('connection.change_provider', 'identity.connection', connection, summary);
  end if;
end
$body$;
comment on function identity.set_saml_provider(uuid, jsonb, json, timestamptz) is
  'Sets what is known of the identity provider of a SAML connection of the context''s tenant; summary is what the audit entry tells. Owners alone.';

create function identity.saml_providers() returns setof identity.saml_provider
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select p.* from identity.saml_provider p
    join identity.connection c on c.id = p.connection_id
    where c.tenant_id = (select bulkhead.tenant_id()) and c.deleted_at is null;
end
$body$;
comment on function identity.saml_providers() is 'What is known of the identity providers of the context''s tenant.';

create function identity.claim_saml_refresh(at timestamptz, most integer)
  returns table (connection_id uuid, entity_id text, metadata_url text)
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  return query
    with due as (
      select p.connection_id from identity.saml_provider p
      join identity.connection_directory d on d.connection_id = p.connection_id and d.enabled
      where p.next_refresh_at <= at
      order by p.next_refresh_at
      limit most
      for update of p skip locked
    )
    update identity.saml_provider p set next_refresh_at = at + interval '1 hour'
      from due where p.connection_id = due.connection_id
      returning p.connection_id, p.entity_id, p.metadata_url;
end
$body$;
comment on function identity.claim_saml_refresh(timestamptz, integer) is
  'Hands out connections whose metadata is due, each to one server; they come due again in an hour unless recorded.';

create function identity.record_saml_refresh(connection uuid, provider jsonb, problem text, summary json, at timestamptz)
  returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  known identity.saml_provider;
begin
  select p.* into known from identity.saml_provider p where p.connection_id = connection for update;
  if problem is not null then
    update identity.saml_provider p set failing_since = coalesce(p.failing_since, at), failure = left(problem, 300)
      where p.connection_id = connection;
    return;
  end if;
  -- Metadata renews what a provider signs with. Another provider at the same address is not for a duty to accept.
  if known.metadata_url is distinct from provider ->> 'metadataUrl' or known.entity_id is distinct from provider ->> 'entityId' then
    raise exception using errcode = '42501', constraint = 'saml_refresh_same_provider',
      message = 'the metadata is of another provider or from another address';
  end if;
  if identity.write_saml_provider(connection, provider, at) then
    insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type, target_id, detail)
      select d.tenant_id, 'service', 'connection.refresh_provider', 'identity.connection', connection, summary
      from identity.connection_directory d where d.connection_id = connection;
  end if;
end
$body$;
comment on function identity.record_saml_refresh(uuid, jsonb, text, json, timestamptz) is
  'Records a fetch of metadata: what it says, of the same provider from the same address; or the problem, which changes nothing in force.';

create function identity.record_saml_refusal(connection uuid, detail json, request json) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  insert into bulkhead.audit_entry
    (tenant_id, actor_kind, action, target_type, target_id, request_id, ip, user_agent, detail)
  select chain.tenant_id, 'service', 'single_sign_on.refuse', 'identity.connection', d.connection_id,
    request ->> 'id', (request ->> 'ip')::inet, request ->> 'agent', record_saml_refusal.detail
  from identity.connection_directory d
  cross join lateral (values (d.tenant_id), (null)) chain (tenant_id)
  where d.connection_id = connection and d.protocol = 'saml';
end
$body$;
comment on function identity.record_saml_refusal(uuid, json, json) is
  'Writes a refused answer of a connection''s provider into its tenant''s chain and the service''s: its owner finds there why nobody gets in.';

create function identity.purge_saml_assertions(at timestamptz) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  purged bigint;
begin
  delete from identity.saml_assertion a where a.expires_at < at;
  get diagnostics purged = row_count;
  return purged;
end
$body$;
comment on function identity.purge_saml_assertions(timestamptz) is 'Forgets assertions whose time has passed; returns how many.';

select bulkhead.exempt_table('identity.saml_key', 'Of the installation, not of a tenant.');
select bulkhead.exempt_table('identity.saml_provider', 'Read before a tenant is known; bulkhead_app sees its own through identity.saml_providers() only.');
select bulkhead.exempt_table('identity.saml_assertion', 'Written at sign-in, for a connection.');

grant select, insert, update (private_key_encrypted) on identity.saml_key to bulkhead_identity;
grant select on identity.saml_provider to bulkhead_identity;
grant select, insert on identity.saml_assertion to bulkhead_identity;
grant select on identity.saml_provider to bulkhead_worker;

revoke execute on function
  identity.write_saml_provider(uuid, jsonb, timestamptz), identity.set_saml_provider(uuid, jsonb, json, timestamptz),
  identity.saml_providers(), identity.claim_saml_refresh(timestamptz, integer),
  identity.record_saml_refresh(uuid, jsonb, text, json, timestamptz), identity.record_saml_refusal(uuid, json, json),
  identity.purge_saml_assertions(timestamptz)
  from public;
grant execute on function identity.set_saml_provider(uuid, jsonb, json, timestamptz), identity.saml_providers() to bulkhead_app;
grant execute on function identity.record_saml_refusal(uuid, json, json) to bulkhead_identity;
grant execute on function
  identity.claim_saml_refresh(timestamptz, integer), identity.record_saml_refresh(uuid, jsonb, text, json, timestamptz),
  identity.purge_saml_assertions(timestamptz)
  to bulkhead_worker;
