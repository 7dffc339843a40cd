-- Events on their way to endpoints, and the log of every attempt. An event is written in the transaction of what it
-- tells of, once for each endpoint that wants it; a duty sends it afterwards. These tables are closed to every runtime
-- role: the functions below are all there is, those of the application under a sealed context.

create table webhooks.event (
  id uuid not null,
  tenant_id uuid not null,
  company_id uuid,
  type text not null,
  body text not null,
  created_at timestamptz not null,
  constraint event_pkey primary key (id),
  constraint event_type_form check (type ~ '^[a-z][a-z0-9-]*(\.[a-z][a-z0-9_-]*){1,3}$' and length(type) <= 120),
  constraint event_body_size check (octet_length(body) <= 262144)
);
create index event_created_idx on webhooks.event using brin (created_at);
comment on table webhooks.event is 'Something that happened in a tenant and that an endpoint wants to be told of.';
comment on index webhooks.event_created_idx is 'The oldest, to be purged.';
comment on column webhooks.event.id is 'Version 4 UUID; the webhook-id of its every delivery is evt_ and this.';
comment on column webhooks.event.tenant_id is 'Where it happened: the sealed context''s tenant, never an argument.';
comment on column webhooks.event.company_id is 'In which company; null: in the tenant as a whole.';
comment on column webhooks.event.type is 'module.noun.verb, as in books.invoice.submitted.';
comment on column webhooks.event.body is 'The exact text that is signed and sent: {type, timestamp, data}.';
comment on column webhooks.event.created_at is 'When the transaction began in which it happened.';
select bulkhead.exempt_table('webhooks.event', 'Written and read by functions alone; no runtime role has a privilege on it.');

create table webhooks.delivery (
  id uuid not null,
  tenant_id uuid not null,
  endpoint_id uuid not null,
  event_id uuid not null,
  state text not null,
  error text,
  attempts integer not null default 0,
  replays integer not null default 0,
  next_attempt_at timestamptz not null,
  claimed_until timestamptz,
  first_attempt_at timestamptz,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint delivery_pkey primary key (id),
  constraint delivery_endpoint_fkey foreign key (tenant_id, endpoint_id) references webhooks.endpoint (tenant_id, id),
  constraint delivery_event_fkey foreign key (event_id) references webhooks.event (id) on delete cascade,
  constraint delivery_state_known check (state in ('pending', 'delivered', 'dead', 'held')),
  constraint delivery_finished_with_state check ((finished_at is null) = (state = 'pending')),
  constraint delivery_error_length check (length(error) <= 200)
);
create index delivery_due_idx on webhooks.delivery (tenant_id, endpoint_id, next_attempt_at) where state = 'pending';
create index delivery_claimed_idx on webhooks.delivery (claimed_until) where state = 'pending' and claimed_until is not null;
create index delivery_endpoint_idx on webhooks.delivery (tenant_id, endpoint_id, created_at desc, id);
create index delivery_event_idx on webhooks.delivery (event_id);
comment on table webhooks.delivery is 'One event on its way to one endpoint.';
comment on index webhooks.delivery_due_idx is 'What waits, endpoint by endpoint.';
comment on index webhooks.delivery_claimed_idx is 'What is being sent at this moment.';
comment on index webhooks.delivery_endpoint_idx is 'The log of an endpoint, the newest first.';
comment on index webhooks.delivery_event_idx is 'The deliveries of an event.';
comment on column webhooks.delivery.id is 'Version 4 UUID.';
comment on column webhooks.delivery.tenant_id is 'The event''s tenant, and the endpoint''s.';
comment on column webhooks.delivery.endpoint_id is 'Where to.';
comment on column webhooks.delivery.event_id is 'What.';
comment on column webhooks.delivery.state is
  'pending; delivered: the endpoint answered 2xx; dead: given up; held: the endpoint was switched off. The last three can be replayed.';
comment on column webhooks.delivery.error is 'Code of the last failure, e.g. status_500 or unreachable.';
comment on column webhooks.delivery.attempts is 'Attempts begun, since the last replay.';
comment on column webhooks.delivery.replays is 'How often somebody sent it again.';
comment on column webhooks.delivery.next_attempt_at is 'Not before then; while a server sends it, when another one may take over.';
comment on column webhooks.delivery.claimed_until is 'While a server sends it: until when it has for that.';
comment on column webhooks.delivery.first_attempt_at is 'When the first attempt since the last replay began.';
comment on column webhooks.delivery.created_at is 'When it was queued.';
comment on column webhooks.delivery.finished_at is 'When it was delivered or given up.';
select bulkhead.exempt_table('webhooks.delivery', 'Written and read by functions alone; no runtime role has a privilege on it.');

create table webhooks.attempt (
  id uuid not null,
  delivery_id uuid not null,
  tenant_id uuid not null,
  number integer not null,
  begun_at timestamptz not null,
  duration_ms integer not null,
  status integer,
  error text,
  answer text,
  constraint attempt_pkey primary key (id),
  constraint attempt_delivery_fkey foreign key (delivery_id) references webhooks.delivery (id) on delete cascade,
  constraint attempt_duration_range check (duration_ms >= 0),
  constraint attempt_status_range check (status between 100 and 999),
  constraint attempt_error_length check (length(error) <= 200),
  constraint attempt_answer_length check (length(answer) <= 500)
);
create index attempt_delivery_idx on webhooks.attempt (delivery_id, begun_at);
comment on table webhooks.attempt is 'The log: every call of an endpoint that came to an end.';
comment on index webhooks.attempt_delivery_idx is 'The attempts of a delivery.';
comment on column webhooks.attempt.id is 'Version 4 UUID.';
comment on column webhooks.attempt.delivery_id is 'What was to be delivered.';
comment on column webhooks.attempt.tenant_id is 'Whose.';
comment on column webhooks.attempt.number is 'Which attempt it was, from 1.';
comment on column webhooks.attempt.begun_at is 'When it began.';
comment on column webhooks.attempt.duration_ms is 'How long it took, in milliseconds.';
comment on column webhooks.attempt.status is 'What the endpoint answered; null: it did not.';
comment on column webhooks.attempt.error is 'Code of what went wrong; null: delivered.';
comment on column webhooks.attempt.answer is 'The beginning of its body, with whatever looks like a secret or personal masked.';
select bulkhead.exempt_table('webhooks.attempt', 'Written and read by functions alone; no runtime role has a privilege on it.');

create function webhooks.write_event(event_type text, company uuid, data json) returns uuid
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  written uuid;
begin
  insert into webhooks.event (id, tenant_id, company_id, type, body, created_at)
    values (gen_random_uuid(), bulkhead.tenant_id(), company, event_type,
      json_build_object('type', event_type, 'timestamp', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'data', data)::text,
      now())
    returning id into written;
  return written;
end
$body$;
comment on function webhooks.write_event(text, uuid, json) is 'Step of emit and send_test: an event of the context''s tenant.';

create function webhooks.emit(event_type text, company uuid, data json) returns integer
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  tenant constant uuid := bulkhead.tenant_id();
  queued integer := 0;
begin
  if tenant is null then
    raise exception using errcode = '42501', message = 'an event happens under a sealed context';
  end if;
  if (select bulkhead.company_id()) is distinct from company and not (select bulkhead.all_companies()) then
    raise exception using errcode = '42501', message = 'the context does not cover the company of this event';
  end if;
  -- Nobody listens, nothing is kept: what most transactions of most tenants meet.
  if exists (
    select from webhooks.endpoint e
    where e.tenant_id = tenant and e.deleted_at is null and (e.event_types is null or event_type = any (e.event_types))
  ) then
    with event as (select webhooks.write_event(event_type, company, data) as id)
    insert into webhooks.delivery (id, tenant_id, endpoint_id, event_id, state, error, next_attempt_at, created_at, finished_at)
      select gen_random_uuid(), tenant, e.id, event.id,
        case when e.disabled_at is null then 'pending' else 'held' end,
        case when e.disabled_at is null then null else 'endpoint_disabled' end,
        now(), now(), case when e.disabled_at is null then null else now() end
      from event, webhooks.endpoint e
      where e.tenant_id = tenant and e.deleted_at is null and (e.event_types is null or event_type = any (e.event_types));
    get diagnostics queued = row_count;
  end if;
  return queued;
end
$body$;
comment on function webhooks.emit(text, uuid, json) is
  'Tells the endpoints of the context''s tenant that something happened there, once this transaction commits; returns how many. Tenant and addresses are no arguments.';

create function webhooks.send_test(endpoint uuid) returns uuid
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  known webhooks.endpoint;
  queued uuid;
begin
  perform webhooks.require_administrator();
  known := webhooks.live_endpoint(endpoint);
  if known.disabled_at is not null then
    raise exception using errcode = '23514', constraint = 'endpoint_disabled', message = 'the endpoint is switched off';
  end if;
  insert into webhooks.delivery (id, tenant_id, endpoint_id, event_id, state, next_attempt_at, created_at)
    values (gen_random_uuid(), known.tenant_id, known.id,
      webhooks.write_event('webhooks.test', null, json_build_object('endpointId', known.id)), 'pending', now(), now())
    returning id into queued;
  return queued;
end
$body$;
comment on function webhooks.send_test(uuid) is 'Queues the event webhooks.test for one endpoint of the context''s tenant, whatever it listens to.';

create function webhooks.hold_pending(tenant uuid, endpoint uuid, code text, at timestamptz) returns void
  language sql security definer
  set search_path = ''
as $body$
  update webhooks.delivery d set state = 'held', error = code, finished_at = at, claimed_until = null
    where d.tenant_id = tenant and d.endpoint_id = endpoint and d.state = 'pending';
$body$;
comment on function webhooks.hold_pending(uuid, uuid, text, timestamptz) is 'Step of switching an endpoint off: what waits for it waits for somebody to send it again.';

create function webhooks.claim_deliveries(at timestamptz, until timestamptz, most integer, slow_ones boolean)
  returns table (delivery_id uuid, tenant_id uuid, attempt integer)
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  -- One server chooses at a time, so that the bounds below hold however many there are. Choosing takes milliseconds.
  perform pg_advisory_xact_lock(hashtextextended('webhooks.claim_deliveries', 0));
  return query
    -- From endpoint to endpoint along the index: what one of them has piled up is not read.
    with recursive waiting as (
      (select d.tenant_id, d.endpoint_id from webhooks.delivery d where d.state = 'pending'
        order by d.tenant_id, d.endpoint_id limit 1)
      union all
      select n.tenant_id, n.endpoint_id from waiting w cross join lateral (
        select d.tenant_id, d.endpoint_id from webhooks.delivery d
        where d.state = 'pending' and (d.tenant_id, d.endpoint_id) > (w.tenant_id, w.endpoint_id)
        order by d.tenant_id, d.endpoint_id limit 1) n
    ),
    busy as (
      select d.tenant_id, d.endpoint_id, count(*)::integer as number from webhooks.delivery d
      where d.state = 'pending' and d.claimed_until is not null and d.claimed_until > at
      group by d.tenant_id, d.endpoint_id
    ),
    candidate as (
      select c.id, c.next_attempt_at,
        coalesce((select sum(b.number) from busy b where b.tenant_id = w.tenant_id), 0)
          + row_number() over (partition by w.tenant_id order by c.place, c.next_attempt_at, c.id) as turn
      from waiting w
      left join busy b on b.tenant_id = w.tenant_id and b.endpoint_id = w.endpoint_id
      left join webhooks.endpoint_health h on h.tenant_id = w.tenant_id and h.endpoint_id = w.endpoint_id
      cross join lateral (
        select d.id, d.next_attempt_at, row_number() over (order by d.next_attempt_at, d.id) as place
        from (
          select p.id, p.next_attempt_at from webhooks.delivery p
          where p.tenant_id = w.tenant_id and p.endpoint_id = w.endpoint_id and p.state = 'pending' and p.next_attempt_at <= at
          order by p.next_attempt_at, p.id limit greatest(0, 2 - coalesce(b.number, 0))
        ) d
      ) c
      where coalesce(h.slow, false) = slow_ones
    ),
    chosen as (
      -- Eight at once for a tenant, two for an endpoint; whoever has fewest under way comes first.
      select c.id from candidate c where c.turn <= 8 order by c.turn, c.next_attempt_at limit least(greatest(most, 0), 1000)
    )
    update webhooks.delivery d
      set attempts = d.attempts + 1, next_attempt_at = until, claimed_until = until, first_attempt_at = coalesce(d.first_attempt_at, at)
      from chosen where d.id = chosen.id
      returning d.id, d.tenant_id, d.attempts;
end
$body$;
comment on function webhooks.claim_deliveries(timestamptz, timestamptz, integer, boolean) is
  'Hands out what is due, to prompt or to slow endpoints, each delivery to one server, which has until then to record it.';

create function webhooks.open_delivery(context text, delivery uuid, at timestamptz)
  returns table (endpoint_id uuid, url text, secrets bytea[], event_id uuid, body text, private_targets jsonb)
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  return query
    select e.id, e.url,
      array(select s.secret_encrypted from webhooks.endpoint_secret s
        where s.tenant_id = e.tenant_id and s.endpoint_id = e.id and (s.ends_at is null or s.ends_at > at)
        order by s.created_at desc, s.id),
      v.id, v.body, edge.private_targets_of(e.tenant_id)
    from webhooks.delivery d
    join webhooks.event v on v.id = d.event_id and v.tenant_id = d.tenant_id
    join webhooks.endpoint e on e.tenant_id = d.tenant_id and e.id = d.endpoint_id
    where d.id = delivery and d.tenant_id = (select bulkhead.tenant_id()) and d.state = 'pending'
      and e.disabled_at is null and e.deleted_at is null;
end
$body$;
comment on function webhooks.open_delivery(text, uuid, timestamptz) is
  'What a claimed delivery of the sealed context''s tenant says and where it goes; nothing when its endpoint is off or removed.';

create function webhooks.record_attempt(context text, delivery uuid, outcome jsonb, at timestamptz) returns boolean
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  known webhooks.delivery;
  next_state text := outcome ->> 'state';
  reason text := outcome ->> 'disable';
  health webhooks.endpoint_health;
begin
  perform set_config('bulkhead.context', context, true);
  select d.* into known from webhooks.delivery d
    where d.id = delivery and d.tenant_id = (select bulkhead.tenant_id()) for update;
  if not found then
    return false;
  end if;
  if outcome ? 'begunAt' then
    insert into webhooks.attempt (id, delivery_id, tenant_id, number, begun_at, duration_ms, status, error, answer)
      values (gen_random_uuid(), known.id, known.tenant_id, (outcome ->> 'number')::integer, (outcome ->> 'begunAt')::timestamptz,
        (outcome ->> 'durationMs')::integer, (outcome ->> 'status')::integer, outcome ->> 'error', outcome ->> 'answer');
    update webhooks.endpoint_health h set
        slow = (outcome ->> 'durationMs')::integer > 2000,
        failing_since = case when next_state <> 'delivered' then coalesce(h.failing_since, at) end,
        last_success_at = case when next_state = 'delivered' then at else h.last_success_at end
      where h.tenant_id = known.tenant_id and h.endpoint_id = known.endpoint_id
      returning * into health;
  end if;
  -- A server that was given up for dead must not undo what another one did since; but what arrived has arrived.
  if known.state <> 'pending' or (known.attempts <> (outcome ->> 'number')::integer and next_state <> 'delivered') then
    return false;
  end if;
  update webhooks.delivery d set
      state = next_state, error = outcome ->> 'error', claimed_until = null,
      next_attempt_at = coalesce((outcome ->> 'nextAttemptAt')::timestamptz, d.next_attempt_at),
      finished_at = case when next_state <> 'pending' then at end
    where d.id = known.id;
  if reason is null and next_state = 'dead' and outcome ? 'exhausted'
    and (health.last_success_at is null or health.last_success_at < known.first_attempt_at) then
    reason := 'failing';
  end if;
  if reason is not null then
    update webhooks.endpoint e set disabled_at = at, disabled_reason = reason
      where e.tenant_id = known.tenant_id and e.id = known.endpoint_id and e.disabled_at is null and e.deleted_at is null;
    if found then
      perform webhooks.hold_pending(known.tenant_id, known.endpoint_id, 'endpoint_disabled', at);
      update webhooks.endpoint_health h set notice_due = true
        where h.tenant_id = known.tenant_id and h.endpoint_id = known.endpoint_id;
    end if;
  end if;
  return true;
end
$body$;
comment on function webhooks.record_attempt(text, uuid, jsonb, timestamptz) is
  'Records what became of a claimed delivery of the sealed context''s tenant, and switches off an endpoint that took nothing since its first attempt or is gone; false when another server did meanwhile.';

create function webhooks.claim_notice() returns table (endpoint_id uuid, tenant_id uuid)
  language sql security definer
  set search_path = ''
as $body$
  select h.endpoint_id, h.tenant_id from webhooks.endpoint_health h where h.notice_due limit 1 for update skip locked;
$body$;
comment on function webhooks.claim_notice() is 'An endpoint that was switched off and whose administrators are to be told, locked until the transaction ends.';

create function webhooks.open_notice(context text, endpoint uuid)
  returns table (url text, reason text, tenant_name text, emails text[])
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform set_config('bulkhead.context', context, true);
  update webhooks.endpoint_health h set notice_due = false
    where h.endpoint_id = endpoint and h.tenant_id = (select bulkhead.tenant_id()) and h.notice_due;
  if not found then
    return;
  end if;
  return query
    select e.url, e.disabled_reason, t.name, array(
      select a.email from identity.membership m join identity.account a on a.id = m.account_id
      where m.tenant_id = e.tenant_id and m.role in ('owner', 'admin') and m.deleted_at is null
        and a.disabled_at is null and a.email_verified_at is not null
      order by a.email)
    from webhooks.endpoint e join tenants.tenant t on t.tenant_id = e.tenant_id
    where e.tenant_id = (select bulkhead.tenant_id()) and e.id = endpoint and e.disabled_at is not null and e.deleted_at is null;
end
$body$;
comment on function webhooks.open_notice(text, uuid) is
  'Whom to tell of an endpoint of the sealed context''s tenant that was switched off, once.';

create function webhooks.purge_deliveries(before timestamptz, most integer) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  purged bigint;
begin
  delete from webhooks.delivery d where d.id in (
    select o.id from webhooks.delivery o where o.finished_at < before limit most for update skip locked);
  get diagnostics purged = row_count;
  delete from webhooks.event v where v.created_at < before
    and not exists (select from webhooks.delivery d where d.event_id = v.id);
  delete from webhooks.endpoint_secret s where s.ends_at < before;
  return purged;
end
$body$;
comment on function webhooks.purge_deliveries(timestamptz, integer) is
  'Deletes deliveries that were finished before then, with their attempts, and the events nobody waits for; returns how many deliveries. What waits is never deleted.';

revoke execute on all functions in schema webhooks from public;
grant execute on function webhooks.emit(text, uuid, json), webhooks.send_test(uuid) to bulkhead_app;
grant execute on function
  webhooks.claim_deliveries(timestamptz, timestamptz, integer, boolean), webhooks.open_delivery(text, uuid, timestamptz),
  webhooks.record_attempt(text, uuid, jsonb, timestamptz), webhooks.claim_notice(), webhooks.open_notice(text, uuid),
  webhooks.purge_deliveries(timestamptz, integer)
  to bulkhead_worker;
grant execute on function mail.post(uuid, text, bytea, timestamptz, timestamptz) to bulkhead_worker;

select bulkhead.guard_schema('webhooks');
