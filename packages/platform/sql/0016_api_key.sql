-- API keys: how a program acts in one tenant. A key is tenant data, written by the functions below alone; its secret
-- stands apart, where it can be looked up before a tenant is known, so that a tenant's keys are listed without a
-- secret among them, and so that each use need not write an audit entry.

create table identity.api_key (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  name text not null,
  kind text not null,
  hint text not null,
  permissions text[] not null,
  company_ids uuid[],
  created_by uuid not null,
  expires_at timestamptz not null,
  constraint api_key_pkey primary key (tenant_id, id),
  constraint api_key_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint api_key_created_by_fkey foreign key (created_by) references identity.account (id),
  constraint api_key_name_length check (length(btrim(name)) between 1 and 100),
  constraint api_key_kind_known check (kind in ('api_key', 'service')),
  constraint api_key_hint_form check (hint ~ '^bhk_[A-Za-z0-9_-]{4}$'),
  constraint api_key_permissions_given check (cardinality(permissions) between 1 and 200),
  constraint api_key_companies_given check (company_ids is null or cardinality(company_ids) between 1 and 1000)
);
comment on table identity.api_key is
  'A program''s way into one tenant: what it may do there, until when, and who is responsible. Revoked by soft delete.';
comment on column identity.api_key.id is 'Version 4 UUID; the actor of what the key does.';
comment on column identity.api_key.tenant_id is 'The one tenant it acts in.';
comment on column identity.api_key.created_at is 'When it was made.';
comment on column identity.api_key.updated_at is 'Last change; kept by trigger.';
comment on column identity.api_key.deleted_at is 'When it was revoked.';
comment on column identity.api_key.name is 'What it is for, in its maker''s words.';
comment on column identity.api_key.kind is
  'api_key: never more than its maker may do, and nothing once the maker has left. service: on its own, for what must outlive a person.';
comment on column identity.api_key.hint is 'First characters of the key, to tell keys apart. Not a secret.';
comment on column identity.api_key.permissions is 'What it may do: <module>:<noun>.<verb>.';
comment on column identity.api_key.company_ids is 'Companies it is limited to; null for every company.';
comment on column identity.api_key.created_by is 'The account that made it.';
comment on column identity.api_key.expires_at is 'From then on it is refused: one year at most.';
select bulkhead.protect_table('identity.api_key', 'tenant', '{"write": "none"}');

create trigger check_companies before insert or update of company_ids on identity.api_key
  for each row execute function identity.check_companies();
comment on trigger check_companies on identity.api_key is 'company_ids are companies of the tenant.';

create table identity.api_key_secret (
  key_id uuid not null,
  tenant_id uuid not null,
  token_hash bytea not null,
  last_used_at timestamptz,
  last_used_ip inet,
  constraint api_key_secret_pkey primary key (key_id),
  constraint api_key_secret_key_fkey foreign key (tenant_id, key_id) references identity.api_key (tenant_id, id),
  constraint api_key_secret_hash_unique unique (token_hash),
  constraint api_key_secret_hash_sha256 check (octet_length(token_hash) = 32)
);
create index api_key_secret_key_idx on identity.api_key_secret (tenant_id, key_id);
comment on table identity.api_key_secret is 'The hash by which a presented key is found, and when that last happened.';
comment on index identity.api_key_secret_key_idx is 'The secret of a key.';
comment on column identity.api_key_secret.key_id is 'The key.';
comment on column identity.api_key_secret.tenant_id is 'Its tenant, needed before a context for it can be sealed.';
comment on column identity.api_key_secret.token_hash is 'SHA-256 of the 256-bit secret; the secret itself is stored nowhere.';
comment on column identity.api_key_secret.last_used_at is 'Last use, to the minute.';
comment on column identity.api_key_secret.last_used_ip is 'Where from.';
select bulkhead.exempt_table('identity.api_key_secret', 'Credential; read before a tenant is known.');

create function identity.create_api_key(
  key jsonb, token_hash bytea, at timestamptz
) returns uuid
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  acting constant text := identity.begin_member_change();
  maker constant uuid := bulkhead.account_id();
  tenant constant uuid := bulkhead.tenant_id();
  maker_companies uuid[];
  made identity.api_key;
begin
  -- Only a person makes keys: a key that makes keys would outlive its own end.
  if split_part(bulkhead.verified_context(), '.', 6) <> 'account' or acting = 'none' then
    raise exception using errcode = '42501', constraint = 'api_key_maker',
      message = 'only a member of this tenant may make an API key';
  end if;
  made := jsonb_populate_record(null::identity.api_key, key);
  if made.kind = 'service' then
    perform identity.require_authority(acting, 'admin');
  end if;
  select m.company_ids into maker_companies from identity.membership m
    where m.tenant_id = tenant and m.account_id = maker and m.deleted_at is null;
  if maker_companies is not null and (made.company_ids is null or not made.company_ids <@ maker_companies) then
    raise exception using errcode = '42501', constraint = 'api_key_companies_of_maker',
      message = 'an API key reaches no company that its maker does not',
      hint = 'Name companies of your own membership.';
  end if;
  if made.expires_at <= at or made.expires_at > at + interval '366 days' then
    raise exception using errcode = '22023', constraint = 'api_key_life',
      message = 'an API key lives one year at most';
  end if;
  insert into identity.api_key (tenant_id, name, kind, hint, permissions, company_ids, created_by, expires_at)
    values (tenant, made.name, made.kind, made.hint, made.permissions, made.company_ids, maker, made.expires_at)
    returning * into made;
  insert into identity.api_key_secret (key_id, tenant_id, token_hash)
    values (made.id, tenant, create_api_key.token_hash);
  return made.id;
end
$body$;
comment on function identity.create_api_key(jsonb, bytea, timestamptz) is
  'Makes an API key of the context''s tenant in the name of the context''s account: {name, kind, hint, permissions, company_ids, expires_at}.';

create function identity.api_keys() returns table (
  id uuid, name text, kind text, hint text, permissions text[], company_ids uuid[], created_by uuid,
  created_at timestamptz, expires_at timestamptz, last_used_at timestamptz, last_used_ip text
)
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select k.id, k.name, k.kind, k.hint, k.permissions, k.company_ids, k.created_by, k.created_at, k.expires_at,
      s.last_used_at, host(s.last_used_ip)
    from identity.api_key k
    join identity.api_key_secret s on s.tenant_id = k.tenant_id and s.key_id = k.id
    where k.tenant_id = (select bulkhead.tenant_id()) and k.deleted_at is null
    order by k.created_at desc, k.id;
end
$body$;
comment on function identity.api_keys() is 'The context''s tenant''s API keys that were not revoked, newest first, with their last use.';

create function identity.revoke_api_key(key_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  acting constant text := identity.begin_member_change();
  maker uuid;
begin
  select k.created_by into maker from identity.api_key k
    where k.tenant_id = (select bulkhead.tenant_id()) and k.id = key_id and k.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'api_key_missing',
      message = 'there is no such API key in this tenant';
  end if;
  -- Everybody may revoke their own.
  if maker is distinct from (select bulkhead.account_id()) then
    perform identity.require_authority(acting, 'member');
  end if;
  update identity.api_key k set deleted_at = now()
    where k.tenant_id = (select bulkhead.tenant_id()) and k.id = key_id;
end
$body$;
comment on function identity.revoke_api_key(uuid) is 'Revokes an API key of the context''s tenant, for good.';

create function identity.withdraw_api_key(context text, key_id uuid, reason text) returns text
  language plpgsql
  set search_path = ''
as $body$
declare
  withdrawn identity.api_key;
begin
  perform set_config('bulkhead.context', context, true);
  update identity.api_key k set deleted_at = now()
    where k.tenant_id = (select bulkhead.tenant_id()) and k.id = key_id and k.deleted_at is null
    returning k.* into withdrawn;
  if not found then
    raise exception using errcode = '22023', constraint = 'api_key_live',
      message = 'this tenant has no API key with that id that was not revoked',
      hint = 'bulkhead api-key list shows them.';
  end if;
  perform bulkhead.audit_event('api_key.withdraw', 'identity.api_key', key_id, json_build_object('reason', reason));
  return withdrawn.name;
end
$body$;
comment on function identity.withdraw_api_key(text, uuid, text) is
  'Revokes an API key of the context''s tenant for whoever runs the service; returns its name. Runs with the caller''s privileges: bulkhead_owner''s.';

create function identity.api_key_of_context(context text, at timestamptz) returns table (
  id uuid, name text, kind text, permissions text[], company_ids uuid[], created_by uuid, expires_at timestamptz,
  tenant_name text
)
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select k.id, k.name, k.kind, k.permissions, k.company_ids, k.created_by, k.expires_at, t.name
    from identity.api_key k
    join tenants.tenant t on t.tenant_id = k.tenant_id
    join identity.account a on a.id = k.created_by
    where k.tenant_id = (select bulkhead.tenant_id())
      and k.id::text = split_part(bulkhead.verified_context(), '.', 7)
      and k.deleted_at is null and k.expires_at > at and t.deleted_at is null
      and (k.kind = 'service' or a.disabled_at is null);
end
$body$;
comment on function identity.api_key_of_context(text, timestamptz) is
  'The live API key that the sealed context names as its actor, with what it may do; none when revoked or expired.';

revoke execute on function
  identity.create_api_key(jsonb, bytea, timestamptz), identity.api_keys(), identity.revoke_api_key(uuid),
  identity.withdraw_api_key(text, uuid, text), identity.api_key_of_context(text, timestamptz)
  from public;
grant execute on function
  identity.create_api_key(jsonb, bytea, timestamptz), identity.api_keys(), identity.revoke_api_key(uuid)
  to bulkhead_app;
grant execute on function identity.api_key_of_context(text, timestamptz) to bulkhead_identity;
grant select on identity.api_key_secret to bulkhead_identity;
grant update (last_used_at, last_used_ip) on identity.api_key_secret to bulkhead_identity;
