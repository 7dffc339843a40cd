-- What a tenant sees of its webhooks, and sends again.

create function webhooks.endpoints() returns table (
  id uuid, url text, description text, event_types text[], created_at timestamptz, disabled_at timestamptz,
  disabled_reason text, last_success_at timestamptz, failing_since timestamptz, slow boolean, pending bigint, dead bigint,
  secret_created_at timestamptz, previous_secret_ends_at timestamptz
)
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select e.id, e.url, e.description, e.event_types, e.created_at, e.disabled_at, e.disabled_reason,
      h.last_success_at, h.failing_since, coalesce(h.slow, false), coalesce(c.pending, 0), coalesce(c.dead, 0),
      s.created_at, p.ends_at
    from webhooks.endpoint e
    left join webhooks.endpoint_health h on h.tenant_id = e.tenant_id and h.endpoint_id = e.id
    left join lateral (
      select count(*) filter (where d.state = 'pending') as pending, count(*) filter (where d.state in ('dead', 'held')) as dead
      from webhooks.delivery d where d.tenant_id = e.tenant_id and d.endpoint_id = e.id
    ) c on true
    left join webhooks.endpoint_secret s on s.tenant_id = e.tenant_id and s.endpoint_id = e.id and s.ends_at is null
    left join lateral (
      select max(o.ends_at) as ends_at from webhooks.endpoint_secret o
      where o.tenant_id = e.tenant_id and o.endpoint_id = e.id and o.ends_at is not null
    ) p on true
    where e.tenant_id = (select bulkhead.tenant_id()) and e.deleted_at is null
    order by e.created_at, e.id;
end
$body$;
comment on function webhooks.endpoints() is 'The endpoints of the context''s tenant, the oldest first, with how they fare.';

create function webhooks.change_endpoint(endpoint uuid, changes jsonb, at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  known webhooks.endpoint;
  enabled constant boolean := (changes ->> 'enabled')::boolean;
begin
  perform webhooks.require_administrator();
  known := webhooks.live_endpoint(endpoint);
  update webhooks.endpoint e set
      description = coalesce(changes ->> 'description', e.description),
      event_types = case when changes ? 'eventTypes'
        then (select array_agg(t) from jsonb_array_elements_text(case jsonb_typeof(changes -> 'eventTypes') when 'array' then changes -> 'eventTypes' else '[]' end) t)
        else e.event_types end,
      disabled_at = case enabled when true then null when false then coalesce(e.disabled_at, at) else e.disabled_at end,
      disabled_reason = case enabled when true then null when false then coalesce(e.disabled_reason, 'person') else e.disabled_reason end
    where e.tenant_id = known.tenant_id and e.id = known.id;
  if enabled then
    -- What it failed at before is no reason to switch it off again.
    update webhooks.endpoint_health h set failing_since = null, notice_due = false
      where h.tenant_id = known.tenant_id and h.endpoint_id = known.id;
  elsif not enabled then
    perform webhooks.hold_pending(known.tenant_id, known.id, 'endpoint_disabled', at);
  end if;
end
$body$;
comment on function webhooks.change_endpoint(uuid, jsonb, timestamptz) is
  'Changes an endpoint of the context''s tenant: description, eventTypes (null: all), enabled, as far as given. Owners and admins alone.';

create function webhooks.remove_endpoint(endpoint uuid, at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  known webhooks.endpoint;
begin
  perform webhooks.require_administrator();
  known := webhooks.live_endpoint(endpoint);
  update webhooks.endpoint e set deleted_at = now() where e.tenant_id = known.tenant_id and e.id = known.id;
  delete from webhooks.endpoint_secret s where s.tenant_id = known.tenant_id and s.endpoint_id = known.id;
  perform webhooks.hold_pending(known.tenant_id, known.id, 'endpoint_removed', at);
end
$body$;
comment on function webhooks.remove_endpoint(uuid, timestamptz) is
  'Removes an endpoint of the context''s tenant with its secrets; nothing more is sent to it. Owners and admins alone.';

create function webhooks.deliveries(
  endpoint uuid, states text[], before_at timestamptz, before_id uuid, most integer
) returns table (
  id uuid, endpoint_id uuid, event_id uuid, type text, body_bytes integer, state text, error text, status integer, attempts integer,
  replays integer, next_attempt_at timestamptz, created_at timestamptz, finished_at timestamptz
)
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select d.id, d.endpoint_id, d.event_id, v.type, octet_length(v.body), d.state, d.error,
      (select a.status from webhooks.attempt a where a.delivery_id = d.id order by a.begun_at desc limit 1),
      d.attempts, d.replays, case when d.state = 'pending' then d.next_attempt_at end, d.created_at, d.finished_at
    from webhooks.delivery d
    join webhooks.event v on v.id = d.event_id
    join webhooks.endpoint e on e.tenant_id = d.tenant_id and e.id = d.endpoint_id and e.deleted_at is null
    where d.tenant_id = (select bulkhead.tenant_id())
      and (endpoint is null or d.endpoint_id = endpoint)
      and (states is null or d.state = any (states))
      and (before_at is null or (d.created_at, d.id) < (before_at, before_id))
    order by d.created_at desc, d.id desc
    limit least(greatest(most, 1), 200);
end
$body$;
comment on function webhooks.deliveries(uuid, text[], timestamptz, uuid, integer) is
  'Deliveries of the context''s tenant, the newest first, 200 at most; without what they say.';

create function webhooks.attempts(delivery uuid) returns table (
  number integer, begun_at timestamptz, duration_ms integer, status integer, error text, answer text
)
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select a.number, a.begun_at, a.duration_ms, a.status, a.error, a.answer
    from webhooks.attempt a
    where a.tenant_id = (select bulkhead.tenant_id()) and a.delivery_id = delivery
    order by a.begun_at, a.number limit 100;
end
$body$;
comment on function webhooks.attempts(uuid) is 'The attempts of a delivery of the context''s tenant, the oldest first.';

create function webhooks.replay(endpoint uuid, delivery uuid, since timestamptz, until timestamptz, states text[], at timestamptz)
  returns integer
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  known webhooks.endpoint;
  queued integer;
begin
  known := webhooks.live_endpoint(endpoint);
  if known.disabled_at is not null then
    raise exception using errcode = '23514', constraint = 'endpoint_disabled', message = 'the endpoint is switched off',
      hint = 'Switch it on first.';
  end if;
  with chosen as (
    select d.id from webhooks.delivery d
    where d.tenant_id = known.tenant_id and d.endpoint_id = known.id and d.state <> 'pending' and d.state = any (states)
      and (delivery is null or d.id = delivery)
      and (since is null or d.created_at >= since) and (until is null or d.created_at < until)
    order by d.created_at, d.id
    limit 10000
    for update
  )
  update webhooks.delivery d
    set state = 'pending', error = null, attempts = 0, replays = d.replays + 1, next_attempt_at = at, claimed_until = null,
      first_attempt_at = null, finished_at = null
    from chosen where d.id = chosen.id;
  get diagnostics queued = row_count;
  perform bulkhead.audit_event('webhook.replay', 'webhooks.endpoint', known.id, json_build_object('deliveries', queued));
  return queued;
end
$body$;
comment on function webhooks.replay(uuid, uuid, timestamptz, timestamptz, text[], timestamptz) is
  'Sends deliveries of one endpoint of the context''s tenant again, one or those of a time, 10,000 at most; returns how many.';

revoke execute on function
  webhooks.endpoints(), webhooks.change_endpoint(uuid, jsonb, timestamptz), webhooks.remove_endpoint(uuid, timestamptz),
  webhooks.deliveries(uuid, text[], timestamptz, uuid, integer), webhooks.attempts(uuid),
  webhooks.replay(uuid, uuid, timestamptz, timestamptz, text[], timestamptz)
  from public;
grant execute on function
  webhooks.endpoints(), webhooks.change_endpoint(uuid, jsonb, timestamptz), webhooks.remove_endpoint(uuid, timestamptz),
  webhooks.deliveries(uuid, text[], timestamptz, uuid, integer), webhooks.attempts(uuid),
  webhooks.replay(uuid, uuid, timestamptz, timestamptz, text[], timestamptz)
  to bulkhead_app;
