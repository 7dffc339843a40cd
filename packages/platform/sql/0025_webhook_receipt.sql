-- What may be done with sources and with what they sent.

create function webhooks.own_source(source uuid) returns webhooks.source
  language plpgsql stable
  set search_path = ''
as $body$
declare
  found_source webhooks.source;
begin
  select s.* into found_source from webhooks.source s
    where s.tenant_id = (select bulkhead.tenant_id()) and s.id = source and s.deleted_at is null;
  if not found then
    raise exception using errcode = '23503', constraint = 'source_missing',
      message = 'there is no such webhook source in this tenant';
  end if;
  return found_source;
end
$body$;
comment on function webhooks.own_source(uuid) is 'A source of the context''s tenant, or an error. For the functions below.';

create function webhooks.create_source(source jsonb, secret_id uuid, secret bytea, at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  tenant constant uuid := bulkhead.tenant_id();
begin
  if tenant is null then
    raise exception using errcode = '42501', message = 'a webhook source needs a sealed context';
  end if;
  -- Of two that come at once, the second counts when the first is done.
  perform pg_advisory_xact_lock(hashtextextended('webhooks.source' || tenant::text, 0));
  if (select count(*) from webhooks.source s where s.tenant_id = tenant and s.deleted_at is null) >= 50 then
    raise exception using errcode = '23514', constraint = 'source_limit', message = 'a tenant has 50 webhook sources at most';
  end if;
  insert into webhooks.source (id, tenant_id, name, scheme, settings)
    values ((source ->> 'id')::uuid, tenant, source ->> 'name', source ->> 'scheme', coalesce(source -> 'settings', '{}'));
  insert into webhooks.source_directory (source_id, tenant_id) values ((source ->> 'id')::uuid, tenant);
  insert into webhooks.source_secret (id, source_id, tenant_id, secret_encrypted, created_at)
    values (secret_id, (source ->> 'id')::uuid, tenant, secret, at);
end
$body$;
comment on function webhooks.create_source(jsonb, uuid, bytea, timestamptz) is
  'Makes {id, name, scheme, settings} a source of the context''s tenant, with its first secret.';

create function webhooks.change_source(source uuid, name text, enabled boolean) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform webhooks.own_source(source);
  update webhooks.source s set name = change_source.name, enabled = change_source.enabled
    where s.tenant_id = (select bulkhead.tenant_id()) and s.id = source;
end
$body$;
comment on function webhooks.change_source(uuid, text, boolean) is 'Names a source of the context''s tenant, turns it on or off.';

create function webhooks.remove_source(source uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform webhooks.own_source(source);
  delete from webhooks.source_secret s where s.tenant_id = (select bulkhead.tenant_id()) and s.source_id = source;
  update webhooks.source s set deleted_at = now() where s.tenant_id = (select bulkhead.tenant_id()) and s.id = source;
end
$body$;
comment on function webhooks.remove_source(uuid) is 'Removes a source of the context''s tenant, with its secrets.';

create function webhooks.add_secret(source uuid, secret_id uuid, secret bytea, overlap interval, at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  tenant constant uuid := bulkhead.tenant_id();
begin
  perform webhooks.own_source(source);
  perform pg_advisory_xact_lock(hashtextextended('webhooks.source_secret' || source::text, 0));
  if overlap < interval '0' or overlap > interval '30 days' then
    raise exception using errcode = '22023', constraint = 'source_overlap', message = 'secrets overlap by 30 days at most';
  end if;
  delete from webhooks.source_secret s where s.tenant_id = tenant and s.source_id = source and s.expires_at <= at;
  if (select count(*) from webhooks.source_secret s where s.tenant_id = tenant and s.source_id = source) >= 5 then
    raise exception using errcode = '23514', constraint = 'source_secret_limit', message = 'a source has 5 secrets at most';
  end if;
  update webhooks.source_secret s set expires_at = least(s.expires_at, at + overlap)
    where s.tenant_id = tenant and s.source_id = source;
  insert into webhooks.source_secret (id, source_id, tenant_id, secret_encrypted, created_at)
    values (secret_id, source, tenant, secret, at);
  perform bulkhead.audit_event('source.rotate', 'webhooks.source', source,
    json_build_object('secret', secret_id, 'previous_until', at + overlap));
end
$body$;
comment on function webhooks.add_secret(uuid, uuid, bytea, interval, timestamptz) is
  'Gives a source of the context''s tenant another secret; the ones before it go on for the overlap, 0 to 30 days.';

create function webhooks.end_secret(source uuid, secret_id uuid) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform webhooks.own_source(source);
  delete from webhooks.source_secret s
    where s.tenant_id = (select bulkhead.tenant_id()) and s.source_id = source and s.id = secret_id and s.expires_at is not null;
  if not found then
    raise exception using errcode = '23503', constraint = 'source_secret_missing',
      message = 'there is no such replaced secret of this source';
  end if;
  perform bulkhead.audit_event('source.end_secret', 'webhooks.source', source, json_build_object('secret', secret_id));
end
$body$;
comment on function webhooks.end_secret(uuid, uuid) is 'Ends a replaced secret before its overlap does; never the current one.';

create function webhooks.sources() returns table (
  id uuid, name text, scheme text, settings jsonb, enabled boolean, created_at timestamptz, secrets json
)
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select s.id, s.name, s.scheme, s.settings, s.enabled, s.created_at,
      (select coalesce(json_agg(json_build_object('id', k.id, 'createdAt', k.created_at, 'expiresAt', k.expires_at)
          order by k.expires_at nulls first), '[]')
        from webhooks.source_secret k where k.tenant_id = s.tenant_id and k.source_id = s.id)
    from webhooks.source s
    where s.tenant_id = (select bulkhead.tenant_id()) and s.deleted_at is null
    order by s.created_at, s.id;
end
$body$;
comment on function webhooks.sources() is 'The sources of the context''s tenant, with the dates of their secrets, without the secrets.';

create function webhooks.source_of_context(context text, source uuid) returns table (
  name text, scheme text, settings jsonb, secrets json
)
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  outer_context constant text := coalesce(current_setting('bulkhead.context', true), '');
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select s.name, s.scheme, s.settings,
      (select json_agg(json_build_object('id', k.id, 'secret', encode(k.secret_encrypted, 'hex'), 'expiresAt', k.expires_at))
        from webhooks.source_secret k where k.tenant_id = s.tenant_id and k.source_id = s.id)
    from webhooks.source s
    join tenants.tenant t on t.tenant_id = s.tenant_id
    where s.tenant_id = (select bulkhead.tenant_id()) and s.id = source and s.enabled
      and s.deleted_at is null and t.deleted_at is null;
  perform set_config('bulkhead.context', outer_context, true);
end
$body$;
comment on function webhooks.source_of_context(text, uuid) is
  'A live source of the sealed tenant, with its encrypted secrets; none when it is turned off or removed.';

create function webhooks.receive_events(senders jsonb, events jsonb, contents bytea[], at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  outer_context constant text := coalesce(current_setting('bulkhead.context', true), '');
  nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  sender record;
begin
  -- Whose event it is stands in a seal: SQL injected into the server takes no event's place before it comes.
  for sender in select s.tenant, s.source, s.context from jsonb_to_recordset(senders) as s (tenant uuid, source uuid, context text) loop
    perform set_config('bulkhead.context', coalesce(sender.context, ''), true);
    if (bulkhead.tenant_id(), split_part(bulkhead.verified_context(), '.', 6), split_part(bulkhead.verified_context(), '.', 7))
      is distinct from (coalesce(sender.tenant, nobody), 'service', sender.source::text) then
      raise exception using errcode = '42501', constraint = 'event_sender', message = 'the seal is not that of the event''s source';
    end if;
  end loop;
  perform set_config('bulkhead.context', outer_context, true);
  if exists (
    select from jsonb_to_recordset(events) as e (tenant uuid, source uuid) where not exists (
      select from jsonb_to_recordset(senders) as s (tenant uuid, source uuid)
      where s.tenant is not distinct from e.tenant and s.source is not distinct from e.source
    )
  ) then
    raise exception using errcode = '42501', constraint = 'event_sender', message = 'an event has no sealed source';
  end if;
  insert into webhooks.received_event
    (id, tenant_id, source_id, event_id, event_type, content, received_at, next_attempt_at, forget_at)
  select e.id, e.tenant, e.source, e."eventId", e."eventType", contents[e.place], at, at, e."forgetAt"
  from jsonb_to_recordset(events) as e (
    place integer, id uuid, tenant uuid, source uuid, "eventId" text, "eventType" text, "forgetAt" timestamptz
  )
  -- One order, so that two servers that were sent the same events wait for each other, and never in a circle.
  order by e.source, e."eventId"
  on conflict on constraint received_event_once do nothing;
end
$body$;
comment on function webhooks.receive_events(jsonb, jsonb, bytea[], timestamptz) is
  'Stores verified events [{place, id, tenant, source, eventId, eventType, forgetAt}] of senders [{tenant, source, context}], each context sealed for the tenant (the nil UUID for none) with the source as the service that acts; their sealed contents by place (from 1). One that came before is left as it is.';

create function webhooks.claim_events(at timestamptz, lease interval, most integer, of_service boolean) returns table (
  id uuid, tenant_id uuid, source_id uuid, event_id text, event_type text, content bytea, received_at timestamptz,
  attempts integer, claim uuid
)
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  -- One server chooses at a time, so that each sees what the others are at. Choosing takes milliseconds.
  perform pg_advisory_xact_lock(hashtextextended('webhooks.claim_events', 0));
  return query
    -- From tenant to tenant along the index: what one of them has piled up is not read.
    with recursive waiting as (
      (select r.tenant_id from webhooks.received_event r
        where not of_service and r.state = 'waiting' and r.tenant_id is not null order by r.tenant_id limit 1)
      union all
      select n.tenant_id from waiting w cross join lateral (
        select r.tenant_id from webhooks.received_event r
        where r.state = 'waiting' and r.tenant_id > w.tenant_id order by r.tenant_id limit 1) n
    ),
    busy as (
      select r.tenant_id, count(*) as number from webhooks.received_event r
      where r.claim is not null and r.next_attempt_at > at group by r.tenant_id
    ),
    candidate as (
      select c.id, coalesce(b.number, 0) + c.place as turn, c.next_attempt_at
      from waiting w
      left join busy b on b.tenant_id = w.tenant_id
      cross join lateral (
        select d.id, d.next_attempt_at, row_number() over (order by d.next_attempt_at, d.id) as place from (
          select r.id, r.next_attempt_at from webhooks.received_event r
          where r.tenant_id = w.tenant_id and r.state = 'waiting' and r.next_attempt_at <= at
          order by r.next_attempt_at limit 4
        ) d
      ) c
      union all
      (select r.id, 0, r.next_attempt_at from webhooks.received_event r
        where of_service and r.tenant_id is null and r.state = 'waiting' and r.next_attempt_at <= at
        order by r.next_attempt_at limit most)
    ),
    due as (
      -- Whoever has fewest under way comes first.
      select r.id from webhooks.received_event r join candidate c on c.id = r.id
      order by c.turn, c.next_attempt_at limit most
      for update of r skip locked
    )
    update webhooks.received_event r
      set attempts = least(r.attempts + 1, 1000), next_attempt_at = at + lease, claim = gen_random_uuid()
      from due where r.id = due.id
      returning r.id, r.tenant_id, r.source_id, r.event_id, r.event_type, r.content, r.received_at, r.attempts, r.claim;
end
$body$;
comment on function webhooks.claim_events(timestamptz, interval, integer, boolean) is
  'Hands out events that are due, the service''s own or those of tenants, each to one server for the length of the lease. Tenants take turns, with four events at once.';

create function webhooks.settle_event(event uuid, claim uuid, outcome text, at timestamptz) returns boolean
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  update webhooks.received_event r set state = outcome, finished_at = at, claim = null, error = null
    where r.id = event and r.claim = settle_event.claim and r.state = 'waiting' and outcome in ('processed', 'ignored')
      and r.tenant_id is not distinct from (select bulkhead.tenant_id());
  return found;
end
$body$;
comment on function webhooks.settle_event(uuid, uuid, text, timestamptz) is
  'Finishes a claimed event of the context''s tenant in the caller''s transaction, with its effects or not at all; false when another server did, or took over.';

create function webhooks.fail_event(event uuid, claim uuid, error text, again_at timestamptz, at timestamptz) returns void
  language sql security definer
  set search_path = ''
as $body$
  update webhooks.received_event r set
      state = case when again_at is null then 'failed' else 'waiting' end,
      finished_at = case when again_at is null then at end,
      next_attempt_at = coalesce(again_at, r.next_attempt_at),
      claim = null, error = left(fail_event.error, 200)
    where r.id = event and r.claim = fail_event.claim and r.state = 'waiting'
$body$;
comment on function webhooks.fail_event(uuid, uuid, text, timestamptz, timestamptz) is
  'Puts a claimed event back for later, or gives it up when no later is named.';

create function webhooks.received_events(wanted text, most integer) returns table (
  id uuid, source_id uuid, source_name text, event_id text, event_type text, received_at timestamptz, state text,
  attempts integer, error text, finished_at timestamptz, replayable boolean
)
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select r.id, r.source_id, s.name, r.event_id, r.event_type, r.received_at, r.state, r.attempts, r.error, r.finished_at,
      r.state in ('failed', 'ignored') and r.content is not null
    from webhooks.received_event r
    join webhooks.source s on s.tenant_id = r.tenant_id and s.id = r.source_id
    where r.tenant_id = (select bulkhead.tenant_id()) and (wanted is null or r.state = wanted)
    order by r.received_at desc, r.id
    limit least(greatest(most, 1), 500);
end
$body$;
comment on function webhooks.received_events(text, integer) is
  'Events that came for the context''s tenant, the newest first, without their content; of one state, or of all (null).';

create function webhooks.replay_events(events uuid[], at timestamptz) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  replayed uuid[];
begin
  with again as (
    update webhooks.received_event r
      set state = 'waiting', attempts = 0, next_attempt_at = greatest(at, r.finished_at), finished_at = null, claim = null, error = null
      where r.tenant_id = (select bulkhead.tenant_id()) and r.content is not null
        and case when events is null then r.state = 'failed' else r.state in ('failed', 'ignored') and r.id = any (events) end
      returning r.id
  )
  select array_agg(a.id) into replayed from again a;
  if replayed is not null then
    perform bulkhead.audit_event('webhook.replay', 'webhooks.received_event', null, json_build_object('events', replayed));
  end if;
  return coalesce(cardinality(replayed), 0);
end
$body$;
comment on function webhooks.replay_events(uuid[], timestamptz) is
  'Has failed or ignored events of the context''s tenant processed anew: the named ones, or every failed one (null). Returns how many; a processed event never.';

create function webhooks.replay_any(events uuid[], at timestamptz) returns bigint
  language plpgsql
  set search_path = ''
as $body$
declare
  replayed bigint;
begin
  update webhooks.received_event r
    set state = 'waiting', attempts = 0, next_attempt_at = at, finished_at = null, claim = null, error = null
    where r.content is not null
      and case when events is null then r.state = 'failed' else r.state in ('failed', 'ignored') and r.id = any (events) end;
  get diagnostics replayed = row_count;
  perform bulkhead.audit_event('webhook.replay', 'webhooks.received_event', null, json_build_object('replayed', replayed));
  return replayed;
end
$body$;
comment on function webhooks.replay_any(uuid[], timestamptz) is
  'As webhooks.replay_events, for every tenant and for billing. Runs with the caller''s privileges: bulkhead_owner''s.';

create function webhooks.purge_received(contents_before timestamptz, at timestamptz) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  wiped bigint;
  purged bigint;
begin
  update webhooks.received_event r set content = null,
      state = case r.state when 'waiting' then 'failed' else r.state end,
      error = case r.state when 'waiting' then 'expired' else r.error end,
      finished_at = coalesce(r.finished_at, at), claim = null
    where r.content is not null and r.received_at < contents_before;
  get diagnostics wiped = row_count;
  delete from webhooks.received_event r where r.forget_at < at and r.content is null;
  get diagnostics purged = row_count;
  return wiped + purged;
end
$body$;
comment on function webhooks.purge_received(timestamptz, timestamptz) is
  'Wipes contents that came before an instant, whatever became of them, and forgets events whose time is over; returns how many rows.';

revoke execute on function
  webhooks.keep_processed(), webhooks.own_source(uuid), webhooks.create_source(jsonb, uuid, bytea, timestamptz),
  webhooks.change_source(uuid, text, boolean), webhooks.remove_source(uuid),
  webhooks.add_secret(uuid, uuid, bytea, interval, timestamptz), webhooks.end_secret(uuid, uuid), webhooks.sources(),
  webhooks.source_of_context(text, uuid), webhooks.receive_events(jsonb, jsonb, bytea[], timestamptz),
  webhooks.claim_events(timestamptz, interval, integer, boolean), webhooks.settle_event(uuid, uuid, text, timestamptz),
  webhooks.fail_event(uuid, uuid, text, timestamptz, timestamptz), webhooks.received_events(text, integer),
  webhooks.replay_events(uuid[], timestamptz), webhooks.replay_any(uuid[], timestamptz),
  webhooks.purge_received(timestamptz, timestamptz)
  from public;
grant execute on function
  webhooks.create_source(jsonb, uuid, bytea, timestamptz), webhooks.change_source(uuid, text, boolean),
  webhooks.remove_source(uuid), webhooks.add_secret(uuid, uuid, bytea, interval, timestamptz),
  webhooks.end_secret(uuid, uuid), webhooks.sources(), webhooks.received_events(text, integer),
  webhooks.replay_events(uuid[], timestamptz), webhooks.settle_event(uuid, uuid, text, timestamptz)
  to bulkhead_app;
grant select on webhooks.source_directory to bulkhead_identity;
grant execute on function
  webhooks.source_of_context(text, uuid), webhooks.receive_events(jsonb, jsonb, bytea[], timestamptz)
  to bulkhead_identity;
grant execute on function
  webhooks.claim_events(timestamptz, interval, integer, boolean), webhooks.settle_event(uuid, uuid, text, timestamptz),
  webhooks.fail_event(uuid, uuid, text, timestamptz, timestamptz), webhooks.purge_received(timestamptz, timestamptz)
  to bulkhead_worker;
