-- What is told of subscriptions, and what follows. Notes of one customer are taken one at a time, so that whoever
-- assesses sees all that was noted before.

create function billing.lock_customer(customer text) returns void
  language sql
  set search_path = ''
begin atomic
  select pg_advisory_xact_lock(hashtextextended('billing.customer ' || customer, 0));
end;
comment on function billing.lock_customer(text) is 'One note of a customer at a time, until the transaction ends.';

create function billing.note_subscription(note jsonb) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  -- Of what is said within one second nobody knows the order: the further one in a subscription's life stands.
  ranks constant text[] := array['incomplete', 'trialing', 'active', 'paused', 'past_due', 'unpaid', 'incomplete_expired', 'canceled'];
  ends constant text[] := array['incomplete_expired', 'canceled'];
  told record;
begin
  select note ->> 'id' as subscription_id, note ->> 'customer' as customer_id, note ->> 'status' as status,
      (note ->> 'asOf')::bigint as as_of,
      array(select jsonb_array_elements_text(note -> 'prices') price order by price) as price_ids,
      (note ->> 'periodEnd')::timestamptz as period_end, coalesce((note ->> 'cancels')::boolean, false) as cancels,
      note ->> 'status' in ('past_due', 'unpaid') as is_past_due
    into told;
  perform billing.lock_customer(told.customer_id);
  -- Two different statements of one second: Stripe is to be asked which one holds, whichever came first.
  update billing.customer c set checked_at = null
    from billing.subscription s
    where c.customer_id = told.customer_id and s.subscription_id = told.subscription_id and s.as_of = told.as_of
      and s.customer_id = told.customer_id and (s.status, s.price_ids) is distinct from (told.status, told.price_ids);
  insert into billing.subscription as s (subscription_id, customer_id, status, as_of, price_ids, period_end, cancels)
    values (told.subscription_id, told.customer_id, told.status, told.as_of, told.price_ids, told.period_end, told.cancels)
    on conflict on constraint subscription_pkey do update set
      status = excluded.status, as_of = excluded.as_of, price_ids = excluded.price_ids,
      period_end = excluded.period_end, cancels = excluded.cancels
    where s.customer_id = excluded.customer_id
      and (excluded.status = any (ends), excluded.as_of, coalesce(array_position(ranks, excluded.status), 0),
          excluded.status, excluded.price_ids, coalesce(excluded.period_end, '-infinity'), excluded.cancels)
        > (s.status = any (ends), s.as_of, coalesce(array_position(ranks, s.status), 0),
          s.status, s.price_ids, coalesce(s.period_end, '-infinity'), s.cancels);
  -- Since when it is past due is told by old statements too, and never by how often it is said again.
  update billing.subscription s set settled_as_of = k.settled_as_of,
      past_due_as_of = array(
        select distinct p.said from unnest(s.past_due_as_of || case when told.is_past_due then told.as_of end) as p (said)
        where p.said >= coalesce(k.settled_as_of, 0) order by p.said limit 100
      )
    from (
      select greatest(o.settled_as_of, case when not told.is_past_due then told.as_of end) as settled_as_of
      from billing.subscription o where o.subscription_id = told.subscription_id
    ) k
    where s.subscription_id = told.subscription_id and s.customer_id = told.customer_id;
end
$body$;
comment on function billing.note_subscription(jsonb) is
  'Notes {id, customer, status, asOf, prices, periodEnd, cancels}: the later statement stands, an end is final, in whatever order they come.';

create function billing.note_invoice(note jsonb) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform billing.lock_customer(note ->> 'customer');
  insert into billing.invoice as i (invoice_id, subscription_id, customer_id, failed_at, closed)
    values (note ->> 'id', note ->> 'subscription', note ->> 'customer', (note ->> 'failedAt')::timestamptz,
      (note ->> 'closed')::boolean)
    on conflict on constraint invoice_pkey do update set
      subscription_id = coalesce(i.subscription_id, excluded.subscription_id),
      failed_at = least(i.failed_at, excluded.failed_at),
      closed = i.closed or excluded.closed
    where i.customer_id = excluded.customer_id;
end
$body$;
comment on function billing.note_invoice(jsonb) is
  'Notes {id, subscription, customer, failedAt, closed}: the first failure counts, closed is final, in whatever order they come.';

create function billing.complete_checkout(session text, customer text, at timestamptz) returns text
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  opened billing.checkout;
  linked billing.customer;
  outcome text;
begin
  perform billing.lock_customer(customer);
  update billing.checkout c set completed_at = at where c.session_id = session and c.completed_at is null
    returning * into opened;
  if not found then
    select c.* into opened from billing.checkout c where c.session_id = session;
    if found then
      return 'known';
    end if;
    outcome := 'unknown_checkout';
  else
    insert into billing.customer (customer_id, tenant_id, linked_by, linked_at)
      values (customer, opened.tenant_id, 'checkout', at)
      on conflict do nothing;
    select c.* into linked from billing.customer c where c.customer_id = customer;
    outcome := case
      when linked.tenant_id = opened.tenant_id then 'linked'
      when linked.tenant_id is null then 'tenant_has_customer'
      else 'customer_of_another'
    end;
  end if;
  if outcome <> 'linked' then
    -- Somebody paid, and nobody's tier changes by it: whoever runs the service has to look.
    insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type, detail)
      values (null, 'service', 'billing.unmatched', 'billing.checkout',
        json_build_object('session', session, 'customer', customer, 'outcome', outcome, 'tenant', opened.tenant_id));
  end if;
  return outcome;
end
$body$;
comment on function billing.complete_checkout(text, text, timestamptz) is
  'Learns from a paid checkout which customer a tenant is, when this service opened it: linked, known, unknown_checkout, tenant_has_customer or customer_of_another.';

create function billing.tenant_of(customer text) returns uuid
  language sql stable security definer
  set search_path = ''
begin atomic
  select c.tenant_id from billing.customer c where c.customer_id = customer;
end;
comment on function billing.tenant_of(text) is 'The tenant that a customer is; null for nobody known.';

create function billing.open_checkout(context text, session text, tier text, at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  outer_context constant text := coalesce(current_setting('bulkhead.context', true), '');
  kind text;
begin
  perform set_config('bulkhead.context', coalesce(context, ''), true);
  kind := split_part(bulkhead.verified_context(), '.', 6);
  -- Whoever completes a checkout is linked to the tenant it was opened for: that this service opened it is its own word,
  -- which nobody who is signed in, and no SQL injected into a request of theirs, can say.
  if kind is null or kind not in ('service', 'job') then
    raise exception using errcode = '42501', constraint = 'checkout_opener',
      message = 'only this service says that it opened a checkout';
  end if;
  insert into billing.checkout (session_id, tenant_id, tier, opened_at) values (session, bulkhead.tenant_id(), tier, at);
  perform set_config('bulkhead.context', outer_context, true);
end
$body$;
comment on function billing.open_checkout(text, text, text, timestamptz) is
  'Remembers that a checkout was opened at Stripe for the sealed context''s tenant, the actor the service or a job.';

create function billing.own_customer() returns text
  language sql stable security definer
  set search_path = ''
begin atomic
  select c.customer_id from billing.customer c where c.tenant_id = (select bulkhead.tenant_id());
end;
comment on function billing.own_customer() is 'The customer that the context''s tenant is; null for none yet.';

create function billing.entitlements(tenant uuid, at timestamptz, grace interval) returns table (
  tier text, rank smallint, standing text, grace_until timestamptz, period_end timestamptz, cancels boolean
)
  language sql stable
  set search_path = ''
as $body$
  select b.tier, b.rank,
    case when s.status in ('unpaid', 'paused') or f.failed_at + grace <= at then 'suspended'
      when f.failed_at is not null then 'grace' else 'good' end,
    f.failed_at + grace, s.period_end, s.cancels
  from billing.customer c
  join billing.subscription s on s.customer_id = c.customer_id
  left join lateral (
    select p.tier, t.rank from billing.price p join tenants.tier t on t.name = p.tier
    where p.price_id = any (s.price_ids) order by t.rank desc limit 1
  ) b on true
  left join lateral (
    -- A failure older than a statement that all is well is over. Where no failure is known, the grace began when it was
    -- first said that the subscription is past due.
    select case when s.status = 'past_due' then least(
        min(i.failed_at) filter (where i.failed_at >= to_timestamp(coalesce(s.settled_as_of, 0))),
        to_timestamp(coalesce(s.past_due_as_of[1], s.as_of))
      )
      else min(i.failed_at) filter (where i.failed_at >= to_timestamp(s.as_of)) end as failed_at
    from billing.invoice i
    where i.customer_id = c.customer_id and i.subscription_id = s.subscription_id and not i.closed and i.failed_at is not null
  ) f on true
  where c.tenant_id = tenant and s.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused') and b.tier is not null
$body$;
comment on function billing.entitlements(uuid, timestamptz, interval) is 'What each live subscription of a tenant gives it. For billing.assess.';

create function billing.assess(context text, at timestamptz, grace interval) returns text
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  outer_context constant text := coalesce(current_setting('bulkhead.context', true), '');
  tenant uuid;
  best record;
begin
  perform set_config('bulkhead.context', coalesce(context, ''), true);
  tenant := bulkhead.tenant_id();
  perform pg_advisory_xact_lock(hashtextextended('billing.standing ' || tenant::text, 0));
  select e.standing, case when e.standing in ('good', 'grace') then e.tier end as tier,
      case when e.standing = 'grace' then e.grace_until end as grace_until, e.period_end, e.cancels
    into best from billing.entitlements(tenant, at, grace) e
    order by e.standing in ('good', 'grace') desc, e.rank desc, e.standing = 'good' desc, e.period_end desc nulls last
    limit 1;
  if not found then
    select 'none' as standing, null::text as tier, null::timestamptz as grace_until, null::timestamptz as period_end,
      false as cancels into best;
  end if;
  insert into billing.standing as s (tenant_id, standing, tier, grace_until, period_end, cancels)
    values (tenant, best.standing, best.tier, best.grace_until, best.period_end, best.cancels)
    on conflict on constraint standing_one do update set
      standing = excluded.standing, tier = excluded.tier, grace_until = excluded.grace_until,
      period_end = excluded.period_end, cancels = excluded.cancels
    where (s.standing, s.tier, s.grace_until, s.period_end, s.cancels)
      is distinct from (excluded.standing, excluded.tier, excluded.grace_until, excluded.period_end, excluded.cancels);
  update billing.customer c set review_at = best.grace_until where c.tenant_id = tenant and c.review_at is distinct from best.grace_until;
  perform tenants.set_tier(context, best.tier, 'billing: ' || best.standing);
  perform set_config('bulkhead.context', outer_context, true);
  return best.standing;
end
$body$;
comment on function billing.assess(text, timestamptz, interval) is
  'Sets standing and tier of the sealed tenant, the actor a job, by what is noted of its subscriptions; returns the standing. Writes, and audits, only a change.';

create function billing.due_reviews(at timestamptz, most integer) returns table (customer_id text, tenant_id uuid)
  language sql security definer
  set search_path = ''
as $body$
  select c.customer_id, c.tenant_id from billing.customer c
  where c.review_at <= at order by c.review_at limit most
$body$;
comment on function billing.due_reviews(timestamptz, integer) is 'Customers whose grace has ended and who were not assessed since.';

create function billing.claim_checks(at timestamptz, every interval, most integer) returns table (customer_id text, tenant_id uuid)
  language sql security definer
  set search_path = ''
as $body$
  with due as (
    select c.customer_id from billing.customer c
    where c.checked_at is null or c.checked_at <= at - every
    order by c.checked_at nulls first
    limit most
    for update skip locked
  )
  update billing.customer c set checked_at = at - every + interval '1 hour' from due where c.customer_id = due.customer_id
    returning c.customer_id, c.tenant_id
$body$;
comment on function billing.claim_checks(timestamptz, interval, integer) is
  'Hands out customers that are to be compared with Stripe, each to one server; they come due again in an hour unless finished.';

create function billing.finish_check(customer text, at timestamptz) returns void
  language sql security definer
  set search_path = ''
begin atomic
  update billing.customer c set checked_at = at where c.customer_id = customer;
end;
comment on function billing.finish_check(text, timestamptz) is 'Says that a customer was compared with Stripe.';

create function billing.link_customer(tenant uuid, customer text, at timestamptz) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  if exists (select from billing.customer c where c.customer_id = customer and c.tenant_id <> tenant) then
    raise exception using errcode = '23505', constraint = 'customer_of_another',
      message = 'that customer is another tenant', hint = 'A customer of Stripe''s pays for one tenant.';
  end if;
  delete from billing.customer c where c.tenant_id = tenant;
  insert into billing.customer (customer_id, tenant_id, linked_by, linked_at) values (customer, tenant, 'operator', at);
  perform bulkhead.audit_event('billing.link', 'billing.customer', tenant, json_build_object('customer', customer, 'tenant', tenant));
end
$body$;
comment on function billing.link_customer(uuid, text, timestamptz) is
  'Says which customer a tenant is, in place of the one known before. Runs with the caller''s privileges: bulkhead_owner''s. The next comparison with Stripe sets the tier.';

create function billing.set_price(price text, tier text) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  insert into billing.price as p (price_id, tier) values (price, tier)
    on conflict on constraint price_pkey do update set tier = excluded.tier;
  -- Who subscribed to it already is assessed anew with the next comparison.
  update billing.customer c set checked_at = null
    from billing.subscription s where s.customer_id = c.customer_id and price = any (s.price_ids);
  perform bulkhead.audit_event('billing.price', 'billing.price', null, json_build_object('price', price, 'tier', tier));
end
$body$;
comment on function billing.set_price(text, text) is
  'Says which tier a price buys. Runs with the caller''s privileges: bulkhead_owner''s.';

revoke execute on all functions in schema billing from public;
grant execute on function billing.own_customer() to bulkhead_app;
grant execute on function billing.open_checkout(text, text, text, timestamptz) to bulkhead_identity;
grant execute on function
  billing.note_subscription(jsonb), billing.note_invoice(jsonb), billing.complete_checkout(text, text, timestamptz),
  billing.tenant_of(text), billing.assess(text, timestamptz, interval), billing.due_reviews(timestamptz, integer),
  billing.claim_checks(timestamptz, interval, integer), billing.finish_check(text, timestamptz)
  to bulkhead_worker;
