-- Which other websites' pages may call a tenant's API from a browser. None, until a tenant names some. The list is the
-- tenant's own, and decides each call. A browser asks first, without saying whom for (a preflight names no tenant and
-- carries no credential), so what is on any list at all also stands in a directory that is read before a tenant is known.

grant usage on schema edge to bulkhead_app;

create table edge.allowed_origin (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  origin text not null,
  constraint allowed_origin_pkey primary key (tenant_id, id),
  constraint allowed_origin_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  -- As a browser writes it (RFC 6454 section 6.2): lower case, no default port, no path, nothing to match by pattern.
  constraint allowed_origin_form check (
    origin collate "C" ~ '^(https://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|http://(localhost|127\.0\.0\.1))(:[1-9][0-9]{0,4})?$'
    and origin !~ '\.\.' and origin !~ '^https://.*:443$' and origin !~ '^http://.*:80$'
  )
);
create unique index allowed_origin_once on edge.allowed_origin (tenant_id, origin) where deleted_at is null;
comment on table edge.allowed_origin is
  'A website whose pages may call the tenant''s API with an API key or bearer token. Written by the functions below alone.';
comment on index edge.allowed_origin_once is 'A tenant names an origin once.';
comment on column edge.allowed_origin.id is 'Version 4 UUID.';
comment on column edge.allowed_origin.tenant_id is 'The one tenant whose API it may call.';
comment on column edge.allowed_origin.created_at is 'When it was named.';
comment on column edge.allowed_origin.updated_at is 'Last change; kept by trigger.';
comment on column edge.allowed_origin.deleted_at is 'When it was taken back.';
comment on column edge.allowed_origin.origin is 'Scheme, host and port exactly as a browser sends them: https, or http on the reader''s own machine.';
select bulkhead.protect_table('edge.allowed_origin', 'tenant', '{"write": "none", "immutable": ["origin"]}');

create table edge.origin_directory (
  tenant_id uuid not null,
  origin_id uuid not null,
  origin text not null,
  constraint origin_directory_pkey primary key (tenant_id, origin_id),
  constraint origin_directory_origin_fkey foreign key (tenant_id, origin_id) references edge.allowed_origin (tenant_id, id)
);
create index origin_directory_origin_idx on edge.origin_directory (origin);
comment on table edge.origin_directory is 'Every origin that some tenant allows now, to answer a preflight, which names no tenant.';
comment on index edge.origin_directory_origin_idx is 'Whether anybody allows an origin.';
comment on column edge.origin_directory.tenant_id is 'Whose entry it is; leaves the database for nobody.';
comment on column edge.origin_directory.origin_id is 'That entry.';
comment on column edge.origin_directory.origin is 'The origin.';
select bulkhead.exempt_table('edge.origin_directory', 'Asked before a tenant is known; read by one function that answers yes or no.');

create function edge.allow_origin(origin text) returns uuid
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  tenant constant uuid := bulkhead.tenant_id();
  made uuid;
begin
  perform identity.require_authority(identity.begin_member_change(), 'member');
  if (select count(*) from edge.allowed_origin o where o.tenant_id = tenant and o.deleted_at is null) >= 20 then
    raise exception using errcode = '23514', constraint = 'allowed_origin_limit',
      message = 'this tenant allows as many origins as there can be',
      hint = 'Take one back first.';
  end if;
  insert into edge.allowed_origin (tenant_id, origin) values (tenant, allow_origin.origin) returning id into made;
  insert into edge.origin_directory (tenant_id, origin_id, origin) values (tenant, made, allow_origin.origin);
  return made;
end
$body$;
comment on function edge.allow_origin(text) is
  'Lets pages of an origin call the API of the context''s tenant; owners and admins, 20 origins at most. Returns its id.';

create function edge.withdraw_origin(origin_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  tenant constant uuid := bulkhead.tenant_id();
begin
  perform identity.require_authority(identity.begin_member_change(), 'member');
  update edge.allowed_origin o set deleted_at = now()
    where o.tenant_id = tenant and o.id = withdraw_origin.origin_id and o.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'allowed_origin_missing',
      message = 'this tenant allows no such origin';
  end if;
  delete from edge.origin_directory d where d.tenant_id = tenant and d.origin_id = withdraw_origin.origin_id;
end
$body$;
comment on function edge.withdraw_origin(uuid) is
  'Takes an origin off the list of the context''s tenant; owners and admins.';

create function edge.is_origin_named(origin text) returns boolean
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return exists (select from edge.origin_directory d where d.origin = is_origin_named.origin);
end
$body$;
comment on function edge.is_origin_named(text) is
  'Whether any tenant allows an origin: what a preflight is answered by. Never who, and never enough for a call.';

revoke execute on function edge.allow_origin(text), edge.withdraw_origin(uuid), edge.is_origin_named(text) from public;
grant execute on function edge.allow_origin(text), edge.withdraw_origin(uuid) to bulkhead_app;
grant execute on function edge.is_origin_named(text) to bulkhead_identity;
