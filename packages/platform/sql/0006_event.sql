-- What happens to an account outside any tenant: signing in, a lockout, a factor added. It is written into the
-- service's own chain (tenant null), and into the chain of each tenant the account belongs to, whose auditors want to
-- see it. The actor comes from the seal, so nobody can write an event in another's name.

create function identity.write_event(
  tenants uuid[], action text, target_type text, target_id uuid, detail json, request json
) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  account constant uuid := bulkhead.account_id();
begin
  if action !~ '^[a-z_]{1,60}\.[a-z_]{1,60}$' then
    raise exception using errcode = '22023', message = 'an event is named noun.verb in lower case';
  end if;
  if account is null and cardinality(tenants) > 0 then
    raise exception using errcode = '42501', message = 'an event of a tenant needs a sealed context',
      hint = 'Without an account only the service''s own chain is written.';
  end if;
  insert into bulkhead.audit_entry
    (tenant_id, actor_kind, actor_id, action, target_type, target_id, request_id, ip, user_agent, detail)
  select chain.tenant_id, case when account is null then 'service' else 'account' end, account,
    write_event.action, write_event.target_type, write_event.target_id,
    request ->> 'id', (request ->> 'ip')::inet, request ->> 'agent', write_event.detail
  from unnest(array_append(tenants, null)) chain (tenant_id);
end
$body$;
comment on function identity.write_event(uuid[], text, text, uuid, json, json) is
  'Writes an event into the service''s chain and into those of the given tenants, in the name of the sealed account.';

create function identity.record_event(
  context text, action text, target_type text, target_id uuid, detail json, request json
) returns void
  language plpgsql
  set search_path = ''
as $body$
declare
  outer_context constant text := coalesce(current_setting('bulkhead.context', true), '');
  tenants uuid[] := '{}';
begin
  perform set_config('bulkhead.context', coalesce(context, ''), true);
  if context is not null then
    select coalesce(array_agg(m.tenant_id), '{}') into tenants
      from identity.membership m
      where m.account_id = (select bulkhead.account_id()) and m.deleted_at is null;
  end if;
  perform identity.write_event(tenants, action, target_type, target_id, detail, request);
  perform set_config('bulkhead.context', outer_context, true);
end
$body$;
comment on function identity.record_event(text, text, text, uuid, json, json) is
  'Records an event of the account that the context (for the nil tenant) names, in every tenant it belongs to; of the service alone when there is none. Runs with the caller''s privileges.';

revoke execute on function
  identity.write_event(uuid[], text, text, uuid, json, json),
  identity.record_event(text, text, text, uuid, json, json)
  from public;
grant execute on function
  identity.write_event(uuid[], text, text, uuid, json, json),
  identity.record_event(text, text, text, uuid, json, json)
  to bulkhead_identity;
