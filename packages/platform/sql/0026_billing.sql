-- Billing: what Stripe says of a tenant's subscription, and the tier that follows from it. Which customer is which
-- tenant is never learned from what a webhook says by itself: a checkout is known because this service opened it, by a
-- call of its own, or an operator says so. What is told of a subscription is kept so that neither order nor repetition
-- of events matters: of two statements the later one stands, an end is final.

create schema billing;
comment on schema billing is 'Subscriptions, and the tier that follows from them. No card data, ever (EDG-9).';
grant usage on schema billing to bulkhead_app, bulkhead_identity, bulkhead_worker;

create table billing.price (
  price_id text not null,
  tier text not null,
  constraint price_pkey primary key (price_id),
  constraint price_tier_fkey foreign key (tier) references tenants.tier (name),
  constraint price_id_form check (price_id ~ '^[A-Za-z0-9_]{1,100}$')
);
create index price_tier_idx on billing.price (tier);
comment on table billing.price is 'Which tier a price of Stripe''s buys. Written as bulkhead_owner alone.';
comment on index billing.price_tier_idx is 'The prices of a tier.';
comment on column billing.price.price_id is 'Stripe''s id, price_….';
comment on column billing.price.tier is 'What it buys.';
select bulkhead.share_table('billing.price', 'What a tier costs is the same for everybody.');

create table billing.customer (
  customer_id text not null,
  tenant_id uuid not null,
  linked_by text not null,
  linked_at timestamptz not null,
  review_at timestamptz,
  checked_at timestamptz,
  constraint customer_pkey primary key (customer_id),
  constraint customer_tenant_unique unique (tenant_id),
  constraint customer_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint customer_id_form check (customer_id ~ '^[A-Za-z0-9_]{1,100}$'),
  constraint customer_linked_by_known check (linked_by in ('checkout', 'operator'))
);
create index customer_review_idx on billing.customer (review_at) where review_at is not null;
comment on table billing.customer is 'Which customer of Stripe''s is which tenant.';
comment on index billing.customer_review_idx is 'Whose grace ends next.';
comment on column billing.customer.customer_id is 'Stripe''s id, cus_….';
comment on column billing.customer.tenant_id is 'The tenant; one customer each.';
comment on column billing.customer.linked_by is 'checkout: paid in a checkout that this service opened for the tenant. operator: an operator said so.';
comment on column billing.customer.linked_at is 'When.';
comment on column billing.customer.review_at is 'When time alone changes its standing: the end of the grace.';
comment on column billing.customer.checked_at is 'When it was last compared with Stripe; null: as soon as possible.';
select bulkhead.exempt_table('billing.customer', 'Read before the tenant of an event is known.');

create table billing.checkout (
  session_id text not null,
  tenant_id uuid not null,
  tier text not null,
  opened_at timestamptz not null,
  completed_at timestamptz,
  constraint checkout_pkey primary key (session_id),
  constraint checkout_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint checkout_tier_fkey foreign key (tier) references tenants.tier (name),
  constraint checkout_session_form check (session_id ~ '^[A-Za-z0-9_]{1,200}$')
);
create index checkout_tenant_idx on billing.checkout (tenant_id);
create index checkout_tier_idx on billing.checkout (tier);
comment on table billing.checkout is 'Checkouts that this service opened at Stripe, and for whom: the only ones that say who a customer is.';
comment on index billing.checkout_tenant_idx is 'A tenant''s checkouts.';
comment on index billing.checkout_tier_idx is 'The checkouts of a tier.';
comment on column billing.checkout.session_id is 'Stripe''s id, cs_…, from its answer to this service''s own call.';
comment on column billing.checkout.tenant_id is 'The tenant it was opened for.';
comment on column billing.checkout.tier is 'What is to be bought.';
comment on column billing.checkout.opened_at is 'When.';
comment on column billing.checkout.completed_at is 'When Stripe said it was paid; it says who a customer is once.';
select bulkhead.exempt_table('billing.checkout', 'Read before the tenant of an event is known.');

create table billing.subscription (
  subscription_id text not null,
  customer_id text not null,
  status text not null,
  as_of bigint not null,
  price_ids text[] not null,
  period_end timestamptz,
  cancels boolean not null,
  settled_as_of bigint,
  past_due_as_of bigint[] not null default '{}',
  constraint subscription_pkey primary key (subscription_id),
  constraint subscription_id_form check (subscription_id ~ '^[A-Za-z0-9_]{1,100}$'),
  constraint subscription_customer_form check (customer_id ~ '^[A-Za-z0-9_]{1,100}$'),
  constraint subscription_status_form check (status ~ '^[a-z_]{1,40}$'),
  constraint subscription_prices_some check (cardinality(price_ids) between 0 and 50),
  constraint subscription_past_due_few check (cardinality(past_due_as_of) <= 100)
);
create index subscription_customer_idx on billing.subscription (customer_id);
comment on table billing.subscription is 'The latest that Stripe said of each subscription, of a known customer or not.';
comment on index billing.subscription_customer_idx is 'A customer''s subscriptions.';
comment on column billing.subscription.subscription_id is 'Stripe''s id, sub_….';
comment on column billing.subscription.customer_id is 'Whose it is.';
comment on column billing.subscription.status is 'Stripe''s word: trialing, active, past_due, canceled …';
comment on column billing.subscription.as_of is 'Unix seconds of the statement.';
comment on column billing.subscription.price_ids is 'What is subscribed to, in order.';
comment on column billing.subscription.period_end is 'Until when it is paid, or is to be.';
comment on column billing.subscription.cancels is 'Whether it ends then.';
comment on column billing.subscription.settled_as_of is 'Unix seconds of the latest statement that it was not past due.';
comment on column billing.subscription.past_due_as_of is
  'Unix seconds of the statements since then that it was, in order, the first 100; the first one begins the grace.';
select bulkhead.exempt_table('billing.subscription', 'Told by Stripe, perhaps before its tenant is known.');

create table billing.invoice (
  invoice_id text not null,
  subscription_id text,
  customer_id text not null,
  failed_at timestamptz,
  closed boolean not null,
  constraint invoice_pkey primary key (invoice_id),
  constraint invoice_id_form check (invoice_id ~ '^[A-Za-z0-9_]{1,100}$'),
  constraint invoice_customer_form check (customer_id ~ '^[A-Za-z0-9_]{1,100}$')
);
create index invoice_customer_idx on billing.invoice (customer_id) where not closed;
comment on table billing.invoice is 'Which invoices of Stripe''s failed to be paid, and whether that is over.';
comment on index billing.invoice_customer_idx is 'A customer''s unpaid invoices.';
comment on column billing.invoice.invoice_id is 'Stripe''s id, in_….';
comment on column billing.invoice.subscription_id is 'For what; null for anything else.';
comment on column billing.invoice.customer_id is 'Whose it is.';
comment on column billing.invoice.failed_at is 'The first failed payment known.';
comment on column billing.invoice.closed is 'Paid, void or written off, for good.';
select bulkhead.exempt_table('billing.invoice', 'Told by Stripe, perhaps before its tenant is known.');

create table billing.standing (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  standing text not null,
  tier text,
  grace_until timestamptz,
  period_end timestamptz,
  cancels boolean not null,
  constraint standing_pkey primary key (tenant_id, id),
  constraint standing_one unique (tenant_id),
  constraint standing_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint standing_tier_fkey foreign key (tier) references tenants.tier (name),
  constraint standing_known check (standing in ('none', 'good', 'grace', 'suspended')),
  constraint standing_grace_ends check ((standing = 'grace') = (grace_until is not null))
);
create index standing_tier_idx on billing.standing (tier);
comment on table billing.standing is 'How a tenant stands with what it pays for. Written by billing.assess alone.';
comment on index billing.standing_tier_idx is 'Who pays for a tier.';
comment on column billing.standing.id is 'Version 4 UUID.';
comment on column billing.standing.tenant_id is 'The tenant.';
comment on column billing.standing.created_at is 'When it first had a customer.';
comment on column billing.standing.updated_at is 'Last change; kept by trigger.';
comment on column billing.standing.deleted_at is 'Always null.';
comment on column billing.standing.standing is
  'none: no live subscription. good. grace: a payment failed, the tier stays for now. suspended: it failed for too long.';
comment on column billing.standing.tier is 'What is paid for; null: the default tier.';
comment on column billing.standing.grace_until is 'When the grace ends.';
comment on column billing.standing.period_end is 'Until when it is paid.';
comment on column billing.standing.cancels is 'Whether it ends then.';
select bulkhead.protect_table('billing.standing', 'tenant', '{"write": "none", "delete": "none"}');

select bulkhead.guard_schema('billing');
