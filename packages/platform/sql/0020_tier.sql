-- Tiers: how much a tenant may use. What a tier holds is data, for everybody to read; which tier a tenant has is said
-- by two parties, neither of them its own people: billing, as a job, and an operator, whose word stands above it.

create table tenants.tier (
  name text not null,
  title text not null,
  rank smallint not null,
  is_default boolean not null default false,
  read_cap integer not null,
  read_burst integer not null,
  write_cap integer not null,
  write_burst integer not null,
  heavy_cap integer not null,
  heavy_burst integer not null,
  members integer,
  api_keys integer,
  webhook_endpoints integer,
  constraint tier_pkey primary key (name),
  constraint tier_name_form check (name ~ '^[a-z][a-z0-9-]{0,39}$'),
  constraint tier_title_length check (length(btrim(title)) between 1 and 60),
  constraint tier_rank_unique unique (rank),
  -- No cap may be left out: what is not said is refused, never unlimited.
  constraint tier_caps_range check (
    least(read_cap, write_cap, heavy_cap) >= 1 and greatest(read_cap, write_cap, heavy_cap) <= 1000000
  ),
  constraint tier_bursts_range check (
    least(read_burst, write_burst, heavy_burst) >= 0 and greatest(read_burst, write_burst, heavy_burst) <= 1000000
  ),
  constraint tier_quotas_range check (members >= 1 and api_keys >= 0 and webhook_endpoints >= 0)
);
create unique index tier_default_unique on tenants.tier (is_default) where is_default;
comment on table tenants.tier is
  'What a tenant of each tier may use. Written as bulkhead_owner alone; servers read a change within 30 seconds.';
comment on index tenants.tier_default_unique is 'One tier at most is the default.';
comment on column tenants.tier.name is 'Stable: billing names it.';
comment on column tenants.tier.title is 'What people call it.';
comment on column tenants.tier.rank is 'Order in lists, the smallest tier first.';
comment on column tenants.tier.is_default is 'The tier of whoever was given none.';
comment on column tenants.tier.read_cap is 'Reads a minute of the whole tenant.';
comment on column tenants.tier.read_burst is 'Reads an hour beyond the minute''s cap.';
comment on column tenants.tier.write_cap is 'Changes a minute of the whole tenant.';
comment on column tenants.tier.write_burst is 'Changes an hour beyond the minute''s cap.';
comment on column tenants.tier.heavy_cap is 'Reports, exports, imports and the like a minute of the whole tenant.';
comment on column tenants.tier.heavy_burst is 'The same an hour beyond the minute''s cap.';
comment on column tenants.tier.members is 'Live memberships; null for any number.';
comment on column tenants.tier.api_keys is 'API keys neither revoked nor expired; null for any number.';
comment on column tenants.tier.webhook_endpoints is 'Endpoints that events are sent to; null for any number.';
select bulkhead.share_table('tenants.tier', 'What each tier holds is the same for everybody, and public.');

insert into tenants.tier
  (name, title, rank, is_default, read_cap, read_burst, write_cap, write_burst, heavy_cap, heavy_burst, members, api_keys, webhook_endpoints)
values
  ('free', 'Free', 10, false, 3000, 6000, 600, 1200, 30, 30, 5, 2, 1),
  ('standard', 'Standard', 20, true, 12000, 24000, 3000, 6000, 300, 300, null, null, null),
  ('business', 'Business', 30, false, 60000, 120000, 15000, 30000, 600, 1200, null, null, null),
  ('enterprise', 'Enterprise', 40, false, 240000, 480000, 60000, 120000, 3000, 6000, null, null, null);

create table tenants.tenant_tier (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  billed_tier text,
  granted_tier text,
  reason text not null,
  constraint tenant_tier_pkey primary key (tenant_id, id),
  constraint tenant_tier_one unique (tenant_id),
  constraint tenant_tier_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint tenant_tier_billed_fkey foreign key (billed_tier) references tenants.tier (name),
  constraint tenant_tier_granted_fkey foreign key (granted_tier) references tenants.tier (name),
  constraint tenant_tier_reason_length check (length(btrim(reason)) between 1 and 500)
);
create index tenant_tier_billed_idx on tenants.tenant_tier (billed_tier);
create index tenant_tier_granted_idx on tenants.tenant_tier (granted_tier);
comment on table tenants.tenant_tier is
  'Which tier a tenant was given, by whom; none for whoever has the default. Written by tenants.set_tier alone (EDG-3).';
comment on index tenants.tenant_tier_billed_idx is 'Who pays for a tier.';
comment on index tenants.tenant_tier_granted_idx is 'Who was given a tier.';
comment on column tenants.tenant_tier.id is 'Version 4 UUID.';
comment on column tenants.tenant_tier.tenant_id is 'The tenant.';
comment on column tenants.tenant_tier.created_at is 'When it was first given one.';
comment on column tenants.tenant_tier.updated_at is 'Last change; kept by trigger.';
comment on column tenants.tenant_tier.deleted_at is 'Always null.';
comment on column tenants.tenant_tier.billed_tier is 'What billing last said; null for nothing.';
comment on column tenants.tenant_tier.granted_tier is 'What an operator said; stands above billing until it is taken back (null).';
comment on column tenants.tenant_tier.reason is 'Why it was last changed, for the audit log.';
select bulkhead.protect_table('tenants.tenant_tier', 'tenant', '{"write": "none", "delete": "none"}');

create function tenants.own_tier() returns setof tenants.tier
  language plpgsql stable
  set search_path = ''
as $body$
begin
  return query
    select t.* from tenants.tier t
    where t.name = coalesce(
      (select coalesce(g.granted_tier, g.billed_tier) from tenants.tenant_tier g
        where g.tenant_id = (select bulkhead.tenant_id())),
      (select d.name from tenants.tier d where d.is_default)
    );
end
$body$;
comment on function tenants.own_tier() is
  'The tier of the context''s tenant: an operator''s word, else billing''s, else the default. No row when there is no default.';

create function tenants.set_tier(context text, tier text, reason text) returns text
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  outer_context constant text := coalesce(current_setting('bulkhead.context', true), '');
  kind text;
  standing text;
begin
  perform set_config('bulkhead.context', coalesce(context, ''), true);
  kind := split_part(bulkhead.verified_context(), '.', 6);
  -- Who may call this is bulkhead_worker, which no request of a tenant's people reaches; the seal says for whom.
  if kind is null or not (kind = 'job' or (kind = 'operator' and identity.acting_operator() is not null)) then
    raise exception using errcode = '42501', constraint = 'tier_setter',
      message = 'only billing, as a job, or an operator sets a tenant''s tier';
  end if;
  if tier is not null and not exists (select from tenants.tier t where t.name = set_tier.tier) then
    raise exception using errcode = '23503', constraint = 'tier_missing',
      message = 'there is no such tier', hint = 'tenants.tier lists them.';
  end if;
  insert into tenants.tenant_tier as g (tenant_id, billed_tier, granted_tier, reason)
    values (
      bulkhead.tenant_id(), case kind when 'job' then tier end, case kind when 'operator' then tier end, set_tier.reason
    )
    on conflict on constraint tenant_tier_one do update set
      billed_tier = case kind when 'job' then excluded.billed_tier else g.billed_tier end,
      granted_tier = case kind when 'operator' then excluded.granted_tier else g.granted_tier end,
      reason = excluded.reason
    where case kind when 'job' then g.billed_tier else g.granted_tier end is distinct from set_tier.tier;
  select o.name into standing from tenants.own_tier() o;
  perform set_config('bulkhead.context', outer_context, true);
  return standing;
end
$body$;
comment on function tenants.set_tier(text, text, text) is
  'Sets the tier of the sealed context''s tenant: what billing says when a job is the actor, what is granted when an operator is; null takes that word back. Writes, and audits, only a change; returns the tier that then holds.';

create function tenants.hold_quota() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  quota bigint;
  live bigint;
begin
  select (to_jsonb(t) ->> tg_argv[0])::bigint into quota from tenants.own_tier() t;
  if quota is null then
    return new;
  end if;
  -- Of two that come at once, the second counts when the first is done.
  perform pg_advisory_xact_lock(hashtextextended(tg_relid::text || new.tenant_id::text, 0));
  execute format('select count(*) from %s q where q.tenant_id = $1 and q.deleted_at is null and (%s)',
      tg_relid::regclass, coalesce(tg_argv[1], 'true'))
    into live using new.tenant_id;
  if live >= quota then
    raise exception using errcode = '23514', constraint = 'tier_' || tg_argv[0],
      message = format('the tier of this tenant allows %s (%s)', quota, tg_argv[0]),
      hint = 'Remove one that is not needed, or move to a larger tier.';
  end if;
  return new;
end
$body$;
comment on function tenants.hold_quota() is
  'Trigger before insert: refuses (23514, tier_<quota>) one row more than the tenant''s tier allows. Arguments: the quota''s column in tenants.tier, and what a row that counts fulfils (SQL, columns of q; default every row that is not deleted).';

create trigger hold_quota before insert on identity.membership
  for each row execute function tenants.hold_quota('members');
comment on trigger hold_quota on identity.membership is 'No more members than the tenant''s tier allows.';
create trigger hold_quota before insert on identity.api_key
  for each row execute function tenants.hold_quota('api_keys', 'q.expires_at > now()');
comment on trigger hold_quota on identity.api_key is 'No more API keys than the tenant''s tier allows.';

create function tenants.set_default_tier(tier text) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  update tenants.tier t set is_default = false where t.is_default and t.name <> set_default_tier.tier;
  update tenants.tier t set is_default = true where t.name = set_default_tier.tier;
  if not found then
    raise exception using errcode = '23503', constraint = 'tier_missing', message = 'there is no such tier';
  end if;
  perform bulkhead.audit_event('tier.default', 'tenants.tier', null, json_build_object('tier', tier));
end
$body$;
comment on function tenants.set_default_tier(text) is
  'Makes a tier the one of whoever was given none. Runs with the caller''s privileges: bulkhead_owner''s.';

revoke execute on function
  tenants.own_tier(), tenants.set_tier(text, text, text), tenants.hold_quota(), tenants.set_default_tier(text)
  from public;
grant execute on function tenants.own_tier() to bulkhead_app;
grant execute on function tenants.set_tier(text, text, text) to bulkhead_worker;
