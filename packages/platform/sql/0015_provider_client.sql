-- What the OpenID Provider does: telling applications of a sign-out, and registering them.

create function identity.expire_provider_sign_ins(at timestamptz) returns bigint
  language sql security definer
  set search_path = ''
begin atomic
  with ended as (
    update identity.provider_sign_in s
      set ended_at = expire_provider_sign_ins.at,
        logout_due_at = case when c.backchannel_logout_uri is null then null else expire_provider_sign_ins.at end
      from identity.provider_client c, identity.session o, identity.account a
      where s.ended_at is null and c.id = s.client_id and o.id = s.session_id and a.id = o.account_id
        and (o.idle_expires_at <= expire_provider_sign_ins.at or o.absolute_expires_at <= expire_provider_sign_ins.at
          or o.ended_at is not null or a.disabled_at is not null)
      returning 1
  )
  select count(*) from ended;
end;
comment on function identity.expire_provider_sign_ins(timestamptz) is
  'Ends the sign-ins of sessions that ran out or whose account was disabled; says how many.';

create function identity.claim_provider_logouts(at timestamptz, again_at timestamptz, batch integer)
  returns table (
    session_id uuid, client_id text, account_id uuid, sid text, uri text, attempt integer
  )
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  return query
    with due as (
      select s.session_id, s.client_id from identity.provider_sign_in s
      where s.logout_due_at <= at order by s.logout_due_at limit batch for update skip locked
    )
    update identity.provider_sign_in s
      set logout_attempts = s.logout_attempts + 1, logout_due_at = again_at
      from due, identity.provider_client c, identity.session o
      where s.session_id = due.session_id and s.client_id = due.client_id
        and c.id = s.client_id and o.id = s.session_id and c.backchannel_logout_uri is not null
      returning s.session_id, s.client_id, o.account_id, s.sid, c.backchannel_logout_uri, s.logout_attempts;
end
$body$;
comment on function identity.claim_provider_logouts(timestamptz, timestamptz, integer) is
  'Takes logout tokens to send, each once at a time; a server that dies leaves them due again at again_at.';

create function identity.finish_provider_logout(
  session_id uuid, client_id text, at timestamptz, failure text, again_at timestamptz
) returns void
  language sql security definer
  set search_path = ''
begin atomic
  update identity.provider_sign_in s
    set logout_sent_at = case when finish_provider_logout.failure is null then finish_provider_logout.at end,
      logout_failure = finish_provider_logout.failure,
      logout_due_at = finish_provider_logout.again_at
    where s.session_id = finish_provider_logout.session_id and s.client_id = finish_provider_logout.client_id
      and s.logout_sent_at is null;
end;
comment on function identity.finish_provider_logout(uuid, text, timestamptz, text, timestamptz) is
  'Notes that a logout token arrived (failure null), or why not and when to try again (null: never).';

create function identity.purge_provider_records(at timestamptz) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  purged bigint;
begin
  -- A spent code is kept for its life, and a spent refresh token likewise: only what is remembered is recognised as reuse.
  delete from identity.provider_record r where r.expires_at <= at or r.ended_at <= at - interval '1 hour';
  get diagnostics purged = row_count;
  delete from identity.provider_client_secret s where s.expires_at <= at;
  delete from identity.provider_sign_in s where s.ended_at <= at - interval '30 days' and s.logout_due_at is null;
  return purged;
end
$body$;
comment on function identity.purge_provider_records(timestamptz) is
  'Deletes what has expired or was revoked; says how many records.';

create function identity.assert_registrar(context text) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  -- The owner role registers from the command line; everybody else under the seal of an operator.
  if pg_catalog.pg_has_role(session_user, 'bulkhead_owner', 'member') then
    return;
  end if;
  perform pg_catalog.set_config('bulkhead.context', coalesce(context, ''), true);
  if not exists (
    select from identity.operator o join identity.account a on a.id = o.account_id
    where o.account_id = bulkhead.account_id() and o.revoked_at is null and a.disabled_at is null
  ) then
    raise exception using errcode = '42501', constraint = 'provider_client_registrar',
      message = 'only an operator may register applications';
  end if;
end
$body$;
comment on function identity.assert_registrar(text) is
  'Refuses whoever is neither the owner role nor an operator by a sealed context.';

create function identity.create_provider_client(context text, client json, secret_hash bytea, at timestamptz) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  list constant text[] := array(select json_array_elements_text(client -> 'mayCall'));
begin
  perform identity.assert_registrar(context);
  if (client ->> 'authentication' = 'secret') <> (secret_hash is not null) then
    raise exception using errcode = '22023', message = 'a secret belongs to a client that authenticates with one';
  end if;
  insert into identity.provider_client (id, name, first_party, authentication, public_keys, redirect_uris,
      post_logout_redirect_uris, backchannel_logout_uri, refresh, may_call, resource, resource_scopes, token_format, created_at)
    values (
      client ->> 'id', client ->> 'name', (client ->> 'firstParty')::boolean, client ->> 'authentication',
      case when json_typeof(client -> 'publicKeys') = 'object' then client -> 'publicKeys' end,
      array(select json_array_elements_text(client -> 'redirectUris')),
      array(select json_array_elements_text(client -> 'postLogoutRedirectUris')),
      client ->> 'backchannelLogoutUri', (client ->> 'refresh')::boolean, list,
      client ->> 'resource', array(select json_array_elements_text(client -> 'resourceScopes')),
      client ->> 'tokenFormat', at
    );
  if secret_hash is not null then
    insert into identity.provider_client_secret (client_id, secret_hash, created_at)
      values (client ->> 'id', create_provider_client.secret_hash, at);
  end if;
  perform identity.write_event('{}', 'client.create', 'identity.provider_client', null,
    json_build_object('client', client ->> 'id', 'resource', client ->> 'resource'), null);
end
$body$;
comment on function identity.create_provider_client(text, json, bytea, timestamptz) is
  'Registers an application or back end; by an operator under a sealed context, or by the owner role.';

create function identity.rotate_provider_client_secret(
  context text, client_id text, secret_hash bytea, at timestamptz, previous_until timestamptz
) returns boolean
  language plpgsql security definer
  set search_path = ''
as $body$
#variable_conflict use_variable
begin
  perform identity.assert_registrar(context);
  perform from identity.provider_client c
    where c.id = client_id and c.removed_at is null and c.authentication = 'secret' for update;
  if not found then
    return false;
  end if;
  update identity.provider_client_secret s
    set expires_at = greatest(s.created_at, case when s.expires_at is null then previous_until else at end)
    where s.client_id = rotate_provider_client_secret.client_id and (s.expires_at is null or s.expires_at > at);
  insert into identity.provider_client_secret (client_id, secret_hash, created_at) values (client_id, secret_hash, at);
  perform identity.write_event('{}', 'client.rotate_secret', 'identity.provider_client', null,
    json_build_object('client', client_id), null);
  return true;
end
$body$;
comment on function identity.rotate_provider_client_secret(text, text, bytea, timestamptz, timestamptz) is
  'Gives a client a new secret; the one before works until previous_until, those before that no more. False: no such client.';

create function identity.remove_provider_client(context text, client_id text, at timestamptz) returns boolean
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform identity.assert_registrar(context);
  update identity.provider_client c set removed_at = at
    where c.id = remove_provider_client.client_id and c.removed_at is null;
  if not found then
    return false;
  end if;
  perform identity.write_event('{}', 'client.remove', 'identity.provider_client', null,
    json_build_object('client', remove_provider_client.client_id), null);
  return true;
end
$body$;
comment on function identity.remove_provider_client(text, text, timestamptz) is
  'Removes a client; its id stays taken. False: no such client.';

revoke execute on function
  identity.keep_provider_record_spent(), identity.end_provider_sign_ins(), identity.expire_provider_sign_ins(timestamptz),
  identity.claim_provider_logouts(timestamptz, timestamptz, integer),
  identity.finish_provider_logout(uuid, text, timestamptz, text, timestamptz),
  identity.purge_provider_records(timestamptz), identity.assert_registrar(text),
  identity.create_provider_client(text, json, bytea, timestamptz),
  identity.rotate_provider_client_secret(text, text, bytea, timestamptz, timestamptz),
  identity.remove_provider_client(text, text, timestamptz)
  from public;

select bulkhead.exempt_table('identity.provider_client', 'Read before a tenant is known.');
select bulkhead.exempt_table('identity.provider_client_secret', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.provider_record', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.provider_sign_in', 'Belongs to a session, which spans tenants.');

grant select on identity.provider_client to bulkhead_identity;
grant select on identity.provider_client_secret to bulkhead_identity;
grant select on identity.provider_record to bulkhead_identity;
grant insert (model, id_hash, uid_hash, grant_hash, session_id, payload_encrypted, created_at, expires_at)
  on identity.provider_record to bulkhead_identity;
grant update (uid_hash, grant_hash, session_id, payload_encrypted, expires_at, consumed_at, ended_at)
  on identity.provider_record to bulkhead_identity;
grant select on identity.provider_sign_in to bulkhead_identity;
grant insert (session_id, client_id, sid, tenant_id, created_at) on identity.provider_sign_in to bulkhead_identity;
grant update (sid, tenant_id) on identity.provider_sign_in to bulkhead_identity;
grant execute on function
  identity.create_provider_client(text, json, bytea, timestamptz),
  identity.rotate_provider_client_secret(text, text, bytea, timestamptz, timestamptz),
  identity.remove_provider_client(text, text, timestamptz)
  to bulkhead_identity;
grant execute on function
  identity.expire_provider_sign_ins(timestamptz),
  identity.claim_provider_logouts(timestamptz, timestamptz, integer),
  identity.finish_provider_logout(uuid, text, timestamptz, text, timestamptz),
  identity.purge_provider_records(timestamptz)
  to bulkhead_worker;
