-- What happens to an account outside any tenant: signing in, a lockout, a factor added. It is written into the
-- service's own chain (tenant null), and into the chain of each tenant the account belongs to, whose auditors want to
-- see it. The actor comes from the seal, so nobody can write an event in another's name.

-- Whose member an account is, in whatever tenant: the walls of identity.membership show it to nobody who writes into
-- several tenants' chains at once.
create table identity.membership_directory (
  account_id uuid not null,
  tenant_id uuid not null,
  constraint membership_directory_pkey primary key (account_id, tenant_id)
);
comment on table identity.membership_directory is
  'Live memberships, kept by trigger: what identity.write_event holds the tenants of an event against.';
comment on column identity.membership_directory.account_id is 'The account.';
comment on column identity.membership_directory.tenant_id is 'A tenant it is a member of.';
select bulkhead.exempt_table('identity.membership_directory', 'Spans tenants by its nature; read by identity.write_event alone.');

create function identity.keep_membership_directory() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  if new.deleted_at is null then
    insert into identity.membership_directory (account_id, tenant_id) values (new.account_id, new.tenant_id)
      on conflict on constraint membership_directory_pkey do nothing;
  else
    delete from identity.membership_directory d where d.account_id = new.account_id and d.tenant_id = new.tenant_id;
  end if;
  return null;
end
$body$;
comment on function identity.keep_membership_directory() is 'Keeps identity.membership_directory as identity.membership is.';
create trigger keep_membership_directory after insert or update of deleted_at on identity.membership
  for each row execute function identity.keep_membership_directory();
comment on trigger keep_membership_directory on identity.membership is 'Events are written into the chains of live memberships alone.';

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
  if exists (
    select from unnest(tenants) named (id) where not exists (
      select from identity.membership_directory d where d.tenant_id = named.id and d.account_id = account
    )
  ) then
    raise exception using errcode = '42501', message = 'the account is no member of a tenant whose chain it would write';
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
  'Writes an event into the service''s chain and into those of the given tenants, in the name of the sealed account, which must be a member of them.';

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
  identity.keep_membership_directory(),
  identity.write_event(uuid[], text, text, uuid, json, json),
  identity.record_event(text, text, text, uuid, json, json)
  from public;
grant execute on function
  identity.write_event(uuid[], text, text, uuid, json, json),
  identity.record_event(text, text, text, uuid, json, json)
  to bulkhead_identity;
