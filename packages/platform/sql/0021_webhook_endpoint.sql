-- Webhooks: what tells the tenants' own systems that something happened here, and what tells us of others.
-- An endpoint is a server of a tenant's that wants to be told. Its secret is sealed outside the database together with
-- its address: an address that SQL wrote here by itself opens no secret, and nothing is sent without one.

create schema webhooks;
comment on schema webhooks is 'Webhooks sent to tenants'' own servers, and received from other services.';
grant usage on schema webhooks to bulkhead_app, bulkhead_identity, bulkhead_worker;

create table webhooks.endpoint (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  url text not null,
  description text not null,
  event_types text[],
  disabled_at timestamptz,
  disabled_reason text,
  constraint endpoint_pkey primary key (tenant_id, id),
  constraint endpoint_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint endpoint_url_form check (url ~ '^https?://' and length(url) <= 2000),
  constraint endpoint_description_length check (length(description) <= 200),
  constraint endpoint_event_types_given check (event_types is null or cardinality(event_types) between 1 and 200),
  constraint endpoint_disabled_reason_known check (disabled_reason in ('person', 'failing', 'gone')),
  constraint endpoint_disabled_with_reason check ((disabled_at is null) = (disabled_reason is null))
);
comment on table webhooks.endpoint is 'A server of the tenant''s that is told of events.';
comment on column webhooks.endpoint.id is 'Version 4 UUID.';
comment on column webhooks.endpoint.tenant_id is 'Whose events it is told of.';
comment on column webhooks.endpoint.created_at is 'When it was added.';
comment on column webhooks.endpoint.updated_at is 'Last change; kept by trigger.';
comment on column webhooks.endpoint.deleted_at is 'When it was removed.';
comment on column webhooks.endpoint.url is 'Where it is. Never changes: its secret is sealed together with it.';
comment on column webhooks.endpoint.description is 'What it is for, in its maker''s words.';
comment on column webhooks.endpoint.event_types is 'Events it is told of, as in books.invoice.submitted; null for all.';
comment on column webhooks.endpoint.disabled_at is 'Since when nothing is sent to it; null: it is on.';
comment on column webhooks.endpoint.disabled_reason is
  'person: switched off; failing: it took nothing for days; gone: it answered 410.';
select bulkhead.protect_table('webhooks.endpoint', 'tenant', '{"write": "none"}');

create table webhooks.endpoint_secret (
  id uuid not null,
  tenant_id uuid not null,
  endpoint_id uuid not null,
  secret_encrypted bytea not null,
  created_at timestamptz not null,
  ends_at timestamptz,
  constraint endpoint_secret_pkey primary key (id),
  constraint endpoint_secret_endpoint_fkey foreign key (tenant_id, endpoint_id) references webhooks.endpoint (tenant_id, id)
);
create unique index endpoint_secret_current_unique on webhooks.endpoint_secret (tenant_id, endpoint_id) where ends_at is null;
create index endpoint_secret_endpoint_idx on webhooks.endpoint_secret (tenant_id, endpoint_id);
comment on table webhooks.endpoint_secret is 'What signs the messages to an endpoint: one secret, and during a rotation the one before.';
comment on index webhooks.endpoint_secret_current_unique is 'An endpoint has one secret that does not end.';
comment on index webhooks.endpoint_secret_endpoint_idx is 'The secrets of an endpoint.';
comment on column webhooks.endpoint_secret.id is 'Version 4 UUID.';
comment on column webhooks.endpoint_secret.tenant_id is 'The endpoint''s tenant.';
comment on column webhooks.endpoint_secret.endpoint_id is 'The endpoint.';
comment on column webhooks.endpoint_secret.secret_encrypted is
  '32 bytes, encrypted outside the database and bound to tenant, endpoint and address.';
comment on column webhooks.endpoint_secret.created_at is 'When it was made.';
comment on column webhooks.endpoint_secret.ends_at is 'After a rotation: until when messages carry its signature, too.';
select bulkhead.exempt_table('webhooks.endpoint_secret', 'Credential; read by the deliveries alone.');

create table webhooks.endpoint_health (
  endpoint_id uuid not null,
  tenant_id uuid not null,
  slow boolean not null default false,
  failing_since timestamptz,
  last_success_at timestamptz,
  notice_due boolean not null default false,
  constraint endpoint_health_pkey primary key (endpoint_id),
  constraint endpoint_health_endpoint_fkey foreign key (tenant_id, endpoint_id) references webhooks.endpoint (tenant_id, id)
);
create index endpoint_health_endpoint_idx on webhooks.endpoint_health (tenant_id, endpoint_id);
create index endpoint_health_notice_idx on webhooks.endpoint_health (endpoint_id) where notice_due;
comment on table webhooks.endpoint_health is
  'How an endpoint answers. Apart from it, because every attempt changes this, and a change of an endpoint is audited.';
comment on index webhooks.endpoint_health_endpoint_idx is 'The health of an endpoint.';
comment on index webhooks.endpoint_health_notice_idx is 'Endpoints whose administrators are to be told.';
comment on column webhooks.endpoint_health.endpoint_id is 'The endpoint.';
comment on column webhooks.endpoint_health.tenant_id is 'Its tenant.';
comment on column webhooks.endpoint_health.slow is 'Its last answer took more than two seconds: it waits among its like.';
comment on column webhooks.endpoint_health.failing_since is 'First failure since it last took a message; null: it took the last.';
comment on column webhooks.endpoint_health.last_success_at is 'When it last took a message.';
comment on column webhooks.endpoint_health.notice_due is 'It was switched off by itself, and its administrators do not know yet.';
select bulkhead.exempt_table('webhooks.endpoint_health', 'Kept by the deliveries; read through webhooks.endpoints().');

create function webhooks.require_administrator() returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  -- Where a tenant's data goes is for its people to say, not for its programs.
  if split_part(bulkhead.verified_context(), '.', 6) is distinct from 'account'
    or not identity.has_authority(coalesce(identity.acting_role(), 'none'), 'member') then
    raise exception using errcode = '42501', constraint = 'membership_authority',
      message = 'only an owner or admin of this tenant may change where webhooks go';
  end if;
end
$body$;
comment on function webhooks.require_administrator() is 'Refuses (42501) unless the context''s actor is an owner or admin of its tenant.';

create function webhooks.live_endpoint(endpoint uuid) returns webhooks.endpoint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  found_one webhooks.endpoint;
begin
  -- Locked, so that two changes of one endpoint come one after the other.
  select e.* into found_one from webhooks.endpoint e
    where e.tenant_id = (select bulkhead.tenant_id()) and e.id = endpoint and e.deleted_at is null
    for no key update;
  if not found then
    raise exception using errcode = '23503', constraint = 'endpoint_missing', message = 'there is no such endpoint in this tenant';
  end if;
  return found_one;
end
$body$;
comment on function webhooks.live_endpoint(uuid) is 'The context''s tenant''s endpoint, locked for a change; refuses (23503) when there is none.';

create function webhooks.create_endpoint(
  endpoint_id uuid, address text, description text, event_types text[], secret_id uuid, secret bytea, at timestamptz
) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  tenant constant uuid := bulkhead.tenant_id();
begin
  perform webhooks.require_administrator();
  -- One tenant's endpoints are counted one at a time.
  perform pg_advisory_xact_lock(hashtextextended('webhooks.endpoint ' || tenant, 0));
  if (select count(*) from webhooks.endpoint e where e.tenant_id = tenant and e.deleted_at is null) >= 50 then
    raise exception using errcode = '23514', constraint = 'endpoint_limit', message = 'a tenant has at most 50 endpoints';
  end if;
  insert into webhooks.endpoint (id, tenant_id, url, description, event_types)
    values (endpoint_id, tenant, address, create_endpoint.description, create_endpoint.event_types);
  -- Refused for an id that is another tenant's: what is kept of it by its id alone is never two tenants'.
  insert into webhooks.endpoint_health (endpoint_id, tenant_id) values (create_endpoint.endpoint_id, tenant);
  insert into webhooks.endpoint_secret (id, tenant_id, endpoint_id, secret_encrypted, created_at)
    values (secret_id, tenant, create_endpoint.endpoint_id, secret, at);
end
$body$;
comment on function webhooks.create_endpoint(uuid, text, text, text[], uuid, bytea, timestamptz) is
  'Adds an endpoint to the context''s tenant. Owners and admins alone.';

create function webhooks.rotate_secret(endpoint uuid, secret_id uuid, secret bytea, overlap interval, at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  known webhooks.endpoint;
begin
  perform webhooks.require_administrator();
  known := webhooks.live_endpoint(endpoint);
  if overlap < interval '0' or overlap > interval '7 days' then
    raise exception using errcode = '22023', constraint = 'endpoint_secret_overlap', message = 'two secrets overlap for seven days at most';
  end if;
  -- Of an earlier rotation that still overlaps: three signatures are no use to anybody.
  update webhooks.endpoint_secret s set ends_at = at
    where s.tenant_id = known.tenant_id and s.endpoint_id = known.id and s.ends_at > at;
  update webhooks.endpoint_secret s set ends_at = at + overlap
    where s.tenant_id = known.tenant_id and s.endpoint_id = known.id and s.ends_at is null;
  insert into webhooks.endpoint_secret (id, tenant_id, endpoint_id, secret_encrypted, created_at)
    values (secret_id, known.tenant_id, known.id, secret, at);
  perform bulkhead.audit_event('webhook.rotate_secret', 'webhooks.endpoint', known.id,
    json_build_object('overlapSeconds', extract(epoch from overlap)::integer));
end
$body$;
comment on function webhooks.rotate_secret(uuid, uuid, bytea, interval, timestamptz) is
  'Gives an endpoint of the context''s tenant another secret; the one before signs beside it for the overlap. Owners and admins alone.';

revoke execute on all functions in schema webhooks from public;
grant execute on function
  webhooks.create_endpoint(uuid, text, text, text[], uuid, bytea, timestamptz),
  webhooks.rotate_secret(uuid, uuid, bytea, interval, timestamptz)
  to bulkhead_app;
