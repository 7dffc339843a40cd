-- Billing: what Stripe says of a tenant's subscription, and the tier that follows from it.

create schema billing;
comment on schema billing is 'Subscriptions, and the tier that follows from them. No card data, ever.';
grant usage on schema billing to bulkhead_app, bulkhead_worker;

select bulkhead.guard_schema('billing');
