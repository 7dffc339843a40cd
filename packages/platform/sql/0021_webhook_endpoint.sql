-- Webhooks: what tells the tenants' own systems that something happened here, and what tells us of others.

create schema webhooks;
comment on schema webhooks is 'Webhooks sent to tenants'' own servers, and received from other services.';
grant usage on schema webhooks to bulkhead_app, bulkhead_identity, bulkhead_worker;
