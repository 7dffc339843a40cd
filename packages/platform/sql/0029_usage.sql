-- What a tenant uses: how many of its requests were answered and how many refused for coming too often, by the hour.
-- It is the tenant's own data, so it is protected like any; it is written by servers, each its own rows, under a seal
-- for the tenant that is counted.

create table tenants.usage_hour (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  hour timestamptz not null,
  rate_class text not null,
  server_id uuid not null,
  answered bigint not null,
  refused bigint not null,
  constraint usage_hour_pkey primary key (tenant_id, id),
  constraint usage_hour_one unique (tenant_id, hour, rate_class, server_id),
  constraint usage_hour_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint usage_hour_whole check (hour = date_trunc('hour', hour, 'UTC')),
  constraint usage_hour_class_form check (rate_class ~ '^[a-z][a-z-]{0,19}$'),
  constraint usage_hour_not_negative check (answered >= 0 and refused >= 0)
);
comment on table tenants.usage_hour is
  'Requests of a tenant by hour and class, one row for each run of a server. Kept for 35 days.';
comment on column tenants.usage_hour.id is 'Version 4 UUID.';
comment on column tenants.usage_hour.tenant_id is 'The tenant.';
comment on column tenants.usage_hour.created_at is 'When it was first written.';
comment on column tenants.usage_hour.updated_at is 'Last change; kept by trigger.';
comment on column tenants.usage_hour.deleted_at is 'Always null: what is too old is deleted.';
comment on column tenants.usage_hour.hour is 'Its beginning, UTC.';
comment on column tenants.usage_hour.rate_class is 'read, write or heavy.';
comment on column tenants.usage_hour.server_id is 'One start of one server process. It writes its whole count again and again, so a repeated write adds nothing.';
comment on column tenants.usage_hour.answered is 'Requests that the limits let pass.';
comment on column tenants.usage_hour.refused is 'Requests answered 429.';
select bulkhead.protect_table('tenants.usage_hour', 'tenant', '{"write": "none", "delete": "hard", "audit": false}');
revoke delete on tenants.usage_hour from bulkhead_app;

create table tenants.usage_holder (
  tenant_id uuid not null,
  first_hour timestamptz not null,
  constraint usage_holder_pkey primary key (tenant_id)
);
create index usage_holder_first_idx on tenants.usage_holder (first_hour);
comment on table tenants.usage_holder is
  'Which tenants have figures, and since when, so that what is too old is found in tenants that are idle too.';
comment on index tenants.usage_holder_first_idx is 'Whose figures are the oldest.';
comment on column tenants.usage_holder.tenant_id is 'The tenant.';
comment on column tenants.usage_holder.first_hour is 'The first hour it has figures of.';
select bulkhead.exempt_table('tenants.usage_holder', 'Ids and hours alone, for the duty that deletes; no request reads it.');

create function tenants.record_usage(server uuid, contexts text[], figures jsonb) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  outer_context constant text := coalesce(current_setting('bulkhead.context', true), '');
  sealed text;
begin
  foreach sealed in array contexts loop
    perform set_config('bulkhead.context', sealed, true);
    insert into tenants.usage_hour as old (tenant_id, hour, rate_class, server_id, answered, refused)
      select f.tenant, f.hour, f.rate_class, server, f.answered, f.refused
      from jsonb_to_recordset(figures)
        as f (tenant uuid, hour timestamptz, rate_class text, answered bigint, refused bigint)
      where f.tenant = (select bulkhead.tenant_id())
      on conflict on constraint usage_hour_one do update set
        answered = greatest(old.answered, excluded.answered), refused = greatest(old.refused, excluded.refused);
    insert into tenants.usage_holder as h (tenant_id, first_hour)
      select f.tenant, min(f.hour) from jsonb_to_recordset(figures) as f (tenant uuid, hour timestamptz)
      where f.tenant = (select bulkhead.tenant_id())
      group by f.tenant
      on conflict on constraint usage_holder_pkey do update set first_hour = excluded.first_hour
      where h.first_hour > excluded.first_hour;
  end loop;
  perform set_config('bulkhead.context', outer_context, true);
end
$body$;
comment on function tenants.record_usage(uuid, text[], jsonb) is
  'Writes what one run of a server has counted so far: [{tenant, hour, rate_class, answered, refused}], of each tenant a context is given for.';

create function tenants.old_usage(before timestamptz, most integer) returns setof uuid
  language sql stable security definer
  set search_path = ''
begin atomic
  select h.tenant_id from tenants.usage_holder h
  where h.first_hour < before order by h.first_hour limit least(most, 1000);
end;
comment on function tenants.old_usage(timestamptz, integer) is
  'Tenants with figures from before an instant, those with the oldest first; 1,000 at most.';

create function tenants.forget_usage(contexts text[], before timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  outer_context constant text := coalesce(current_setting('bulkhead.context', true), '');
  sealed text;
begin
  foreach sealed in array contexts loop
    perform set_config('bulkhead.context', sealed, true);
    delete from tenants.usage_hour u where u.tenant_id = (select bulkhead.tenant_id()) and u.hour < before;
    delete from tenants.usage_holder h where h.tenant_id = (select bulkhead.tenant_id()) and h.first_hour < before;
    insert into tenants.usage_holder (tenant_id, first_hour)
      select u.tenant_id, min(u.hour) from tenants.usage_hour u
      where u.tenant_id = (select bulkhead.tenant_id())
      group by u.tenant_id
      on conflict on constraint usage_holder_pkey do nothing;
  end loop;
  perform set_config('bulkhead.context', outer_context, true);
end
$body$;
comment on function tenants.forget_usage(text[], timestamptz) is
  'Deletes the figures from before an instant, of each tenant a context is given for.';

revoke execute on function
  tenants.record_usage(uuid, text[], jsonb), tenants.old_usage(timestamptz, integer),
  tenants.forget_usage(text[], timestamptz)
  from public;
grant execute on function
  tenants.record_usage(uuid, text[], jsonb), tenants.old_usage(timestamptz, integer),
  tenants.forget_usage(text[], timestamptz)
  to bulkhead_worker;

create trigger hold_quota before insert on webhooks.endpoint
  for each row execute function tenants.hold_quota('webhook_endpoints');
comment on trigger hold_quota on webhooks.endpoint is 'No more endpoints than the tenant''s tier allows.';
