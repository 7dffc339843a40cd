-- Private places that operators opened for a tenant's outbound calls. What a tenant writes into its own settings never
-- reaches a private address; where one must (a receiver inside the network that runs the service), whoever runs it says
-- so here, connected as bulkhead_owner: no runtime role can.

create table edge.private_target (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  range cidr not null,
  ports integer[] not null,
  reason text not null,
  opened_at timestamptz not null default now(),
  opened_by text not null default session_user,
  closed_at timestamptz,
  closed_reason text,
  constraint private_target_pkey primary key (id),
  constraint private_target_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint private_target_ports_range check (cardinality(ports) between 1 and 20 and 1 <= all (ports) and 65535 >= all (ports)),
  -- At most 65,536 addresses: a wider range is no place, but a network.
  constraint private_target_range_width check (masklen(range) >= case family(range) when 4 then 16 else 64 end),
  constraint private_target_reason_length check (length(btrim(reason)) between 10 and 500),
  constraint private_target_closed_reason_given check ((closed_at is null) = (closed_reason is null))
);
create index private_target_tenant_idx on edge.private_target (tenant_id) where closed_at is null;
comment on table edge.private_target is
  'Where a tenant''s outbound calls may go although it is private; written as bulkhead_owner alone (EDG-7).';
comment on index edge.private_target_tenant_idx is 'What is open for a tenant.';
comment on column edge.private_target.id is 'Version 4 UUID.';
comment on column edge.private_target.tenant_id is 'For whose calls it is open.';
comment on column edge.private_target.range is 'Which addresses. Link-local, metadata and multicast stay closed whatever it covers.';
comment on column edge.private_target.ports is 'Which ports there.';
comment on column edge.private_target.reason is 'Why it was opened: 10 to 500 characters.';
comment on column edge.private_target.opened_at is 'When.';
comment on column edge.private_target.opened_by is 'The database role that was connected.';
comment on column edge.private_target.closed_at is 'Since when it is closed again; null while it is open.';
comment on column edge.private_target.closed_reason is 'Why it was closed.';
select bulkhead.exempt_table('edge.private_target', 'Written by whoever runs the service; a tenant must not choose it.');

create function edge.record_private_target(target edge.private_target, action text, reason text) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  -- The tenant sees it in its own audit log, and the service in its.
  insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type, target_id, detail)
  select chain.tenant_id, 'service', record_private_target.action, 'edge.private_target', target.id,
    json_build_object('tenant_id', target.tenant_id, 'range', target.range, 'ports', target.ports,
      'reason', record_private_target.reason, 'role', session_user)
  from (values (target.tenant_id), (null)) chain (tenant_id);
end
$body$;
comment on function edge.record_private_target(edge.private_target, text, text) is 'Step of opening and closing: the audit entries.';

create function edge.open_private_target(tenant uuid, range cidr, ports integer[], reason text) returns uuid
  language plpgsql
  set search_path = ''
as $body$
declare
  opened edge.private_target;
begin
  insert into edge.private_target (tenant_id, range, ports, reason)
    values (tenant, open_private_target.range, open_private_target.ports, open_private_target.reason)
    returning * into opened;
  perform edge.record_private_target(opened, 'private_target.open', opened.reason);
  return opened.id;
end
$body$;
comment on function edge.open_private_target(uuid, cidr, integer[], text) is
  'Lets a tenant''s outbound calls reach a private range on the ports named. Runs with the caller''s privileges: bulkhead_owner''s.';

create function edge.close_private_target(target uuid, reason text) returns boolean
  language plpgsql
  set search_path = ''
as $body$
declare
  closed edge.private_target;
begin
  update edge.private_target p set closed_at = now(), closed_reason = close_private_target.reason
    where p.id = target and p.closed_at is null returning * into closed;
  if not found then
    return false;
  end if;
  perform edge.record_private_target(closed, 'private_target.close', closed.closed_reason);
  return true;
end
$body$;
comment on function edge.close_private_target(uuid, text) is
  'Closes what was opened; false when there is no such open place. Runs with the caller''s privileges: bulkhead_owner''s.';

create function edge.private_targets_of(tenant uuid) returns jsonb
  language sql stable security definer
  set search_path = ''
as $body$
  select coalesce(jsonb_agg(jsonb_build_object('range', p.range, 'ports', p.ports) order by p.opened_at, p.id), '[]')
  from edge.private_target p where p.tenant_id = tenant and p.closed_at is null
$body$;
comment on function edge.private_targets_of(uuid) is 'Places open for a tenant''s calls: [{range, ports}].';

create function edge.private_targets() returns jsonb
  language sql stable security definer
  set search_path = ''
as $body$
  select edge.private_targets_of(bulkhead.tenant_id())
$body$;
comment on function edge.private_targets() is 'Places open for the calls of the context''s tenant: [{range, ports}].';

grant usage on schema edge to bulkhead_app;
revoke execute on function
  edge.record_private_target(edge.private_target, text, text), edge.open_private_target(uuid, cidr, integer[], text),
  edge.close_private_target(uuid, text), edge.private_targets_of(uuid), edge.private_targets()
  from public;
grant execute on function edge.private_targets() to bulkhead_app;
