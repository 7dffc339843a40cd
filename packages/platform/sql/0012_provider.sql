-- The OpenID Provider: applications on sibling subdomains that sign people in through the identity service. A client is
-- registered by an operator or the owner role, never by a request from outside. Whatever the provider issues hangs on
-- the session under which it was issued, and dies with it.

create table identity.provider_client (
  id text not null,
  name text not null,
  first_party boolean not null,
  authentication text not null,
  public_keys json,
  redirect_uris text[] not null,
  post_logout_redirect_uris text[] not null,
  backchannel_logout_uri text,
  refresh boolean not null,
  may_call text[] not null,
  resource text,
  resource_scopes text[] not null,
  token_format text,
  created_at timestamptz not null,
  removed_at timestamptz,
  constraint provider_client_pkey primary key (id),
  constraint provider_client_id_form check (id collate "C" ~ '^[a-z0-9][a-z0-9-]{2,62}$'),
  constraint provider_client_name_length check (length(name) between 1 and 200),
  constraint provider_client_authentication_known check (authentication in ('secret', 'private_key', 'none')),
  constraint provider_client_public_keys_given check ((authentication = 'private_key') = (public_keys is not null)),
  -- Compared character by character, so no pattern, no fragment; https, or this machine while developing.
  constraint provider_client_redirect_uris_form check (
    array_to_string(redirect_uris, ' ') collate "C" ~
      '^((https://[^\s#*]+|http://([a-z0-9-]+\.)*localhost(:[0-9]+)?(/[^\s#*]*)?|http://127\.0\.0\.1(:[0-9]+)?(/[^\s#*]*)?)( |$))*$'
  ),
  constraint provider_client_post_logout_uris_form check (
    array_to_string(post_logout_redirect_uris, ' ') collate "C" ~
      '^((https://[^\s#*]+|http://([a-z0-9-]+\.)*localhost(:[0-9]+)?(/[^\s#*]*)?|http://127\.0\.0\.1(:[0-9]+)?(/[^\s#*]*)?)( |$))*$'
  ),
  constraint provider_client_backchannel_form check (
    backchannel_logout_uri collate "C" ~
      '^(https://[^\s#*]+|http://([a-z0-9-]+\.)*localhost(:[0-9]+)?(/[^\s#*]*)?|http://127\.0\.0\.1(:[0-9]+)?(/[^\s#*]*)?)$'
  ),
  constraint provider_client_resource_form check (resource collate "C" ~ '^[a-z][a-z0-9+.-]*:[^\s#]+$'),
  constraint provider_client_resource_complete check (
    (resource is null) = (token_format is null) and (resource is not null or cardinality(resource_scopes) = 0)
  ),
  constraint provider_client_token_format_known check (token_format in ('jwt', 'opaque')),
  -- A back end that nobody can impersonate: it must be able to authenticate.
  constraint provider_client_resource_authenticates check (resource is null or authentication <> 'none'),
  constraint provider_client_of_use check (cardinality(redirect_uris) > 0 or resource is not null)
);
create unique index provider_client_resource_unique on identity.provider_client (resource) where removed_at is null;
comment on table identity.provider_client is
  'An application that signs people in through the identity service, or a back end that accepts its tokens, or both.';
comment on index identity.provider_client_resource_unique is 'A resource identifier means one back end.';
comment on column identity.provider_client.id is 'client_id; chosen by whoever registers it. Not a secret.';
comment on column identity.provider_client.name is 'What people see when they choose an organisation or sign out.';
comment on column identity.provider_client.first_party is
  'The tenant''s or the vendor''s own: nobody is asked for consent. Others are refused until there is a consent page.';
comment on column identity.provider_client.authentication is
  'How it proves itself at the token endpoint: secret (client_secret_basic), private_key (private_key_jwt), none (public client).';
comment on column identity.provider_client.public_keys is 'private_key: its JSON Web Key Set.';
comment on column identity.provider_client.redirect_uris is 'Where codes may be sent: exact.';
comment on column identity.provider_client.post_logout_redirect_uris is 'Where the browser may go after signing out: exact.';
comment on column identity.provider_client.backchannel_logout_uri is
  'Receives a logout token when a session it took part in ends (OpenID Connect Back-Channel Logout 1.0).';
comment on column identity.provider_client.refresh is 'Whether it is given refresh tokens; they end with the session.';
comment on column identity.provider_client.may_call is 'Resource identifiers it may ask access tokens for.';
comment on column identity.provider_client.resource is 'As a back end: the audience of the tokens it accepts (RFC 8707).';
comment on column identity.provider_client.resource_scopes is 'As a back end: the scopes it understands.';
comment on column identity.provider_client.token_format is
  'As a back end: jwt (verified locally, valid until they expire) or opaque (introspected, revocable at once).';
comment on column identity.provider_client.created_at is 'When it was registered.';
comment on column identity.provider_client.removed_at is 'When it was removed; it is then unknown.';

create table identity.provider_client_secret (
  client_id text not null,
  secret_hash bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  constraint provider_client_secret_pkey primary key (client_id, secret_hash),
  constraint provider_client_secret_client_fkey foreign key (client_id) references identity.provider_client (id) on delete cascade,
  constraint provider_client_secret_sha256 check (octet_length(secret_hash) = 32),
  constraint provider_client_secret_life check (expires_at >= created_at)
);
create unique index provider_client_secret_one_lasting on identity.provider_client_secret (client_id) where expires_at is null;
comment on table identity.provider_client_secret is
  'A client''s secrets: the one that lasts, and the one before it until its overlap ends.';
comment on index identity.provider_client_secret_one_lasting is 'A rotation ends the secret before it.';
comment on column identity.provider_client_secret.client_id is 'Whose secret it is.';
comment on column identity.provider_client_secret.secret_hash is 'SHA-256 of the 256-bit secret; the secret itself is shown once and stored nowhere.';
comment on column identity.provider_client_secret.created_at is 'When it was made.';
comment on column identity.provider_client_secret.expires_at is 'From then on it is refused; null while it lasts.';

create table identity.provider_record (
  model text not null,
  id_hash bytea not null,
  uid_hash bytea,
  grant_hash bytea,
  session_id uuid,
  payload_encrypted bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  ended_at timestamptz,
  constraint provider_record_pkey primary key (model, id_hash),
  constraint provider_record_session_fkey foreign key (session_id) references identity.session (id) on delete cascade,
  constraint provider_record_hashes_sha256 check (
    octet_length(id_hash) = 32 and coalesce(octet_length(uid_hash), 32) = 32 and coalesce(octet_length(grant_hash), 32) = 32
  ),
  constraint provider_record_model_known check (
    model in ('Session', 'Interaction', 'Grant', 'AuthorizationCode', 'AccessToken', 'RefreshToken', 'ReplayDetection')
  ),
  -- Nothing that acts for a person can be stored apart from a session that ends it.
  constraint provider_record_hangs_on_session check (
    session_id is not null or model in ('Session', 'Interaction', 'ReplayDetection')
  )
);
create index provider_record_uid_idx on identity.provider_record (uid_hash, created_at) where uid_hash is not null;
create index provider_record_grant_idx on identity.provider_record (grant_hash) where grant_hash is not null;
create index provider_record_session_idx on identity.provider_record (session_id);
create index provider_record_expiry_idx on identity.provider_record (expires_at);
comment on table identity.provider_record is
  'What the provider must remember: browser sessions, open interactions, grants, codes, opaque tokens. Found by hash only; contents encrypted.';
comment on index identity.provider_record_uid_idx is 'The browser session that a token names.';
comment on index identity.provider_record_grant_idx is 'Everything issued under a grant, to end it at once.';
comment on index identity.provider_record_session_idx is 'What goes when a session is deleted.';
comment on index identity.provider_record_expiry_idx is 'What may be purged.';
comment on column identity.provider_record.model is 'Kind of record; part of the key, so that a code is never taken for a token.';
comment on column identity.provider_record.id_hash is 'SHA-256 of the record''s identifier, which for codes and tokens is the secret itself.';
comment on column identity.provider_record.uid_hash is 'Browser session: SHA-256 of its lasting id, which survives a change of the cookie.';
comment on column identity.provider_record.grant_hash is 'SHA-256 of the id of the grant it belongs to.';
comment on column identity.provider_record.session_id is 'The session it hangs on: ended, expired or of a disabled account, the record is as good as gone.';
comment on column identity.provider_record.payload_encrypted is 'Its content, encrypted and bound to model and id_hash.';
comment on column identity.provider_record.created_at is 'When it was first saved.';
comment on column identity.provider_record.expires_at is 'From then on it is not found.';
comment on column identity.provider_record.consumed_at is 'Codes and refresh tokens: when it was exchanged. Only one exchange can set it.';
comment on column identity.provider_record.ended_at is 'When it was revoked.';

create function identity.keep_provider_record_spent() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '23514', constraint = 'provider_record_spent',
    message = 'a consumed or revoked record cannot be made usable again';
end
$body$;
comment on function identity.keep_provider_record_spent() is 'Refuses to revive a code, token or grant (T-31).';
create trigger keep_provider_record_spent before update on identity.provider_record
  for each row when (
    (old.consumed_at is not null and new.consumed_at is distinct from old.consumed_at)
    or (old.ended_at is not null and new.ended_at is null)
    or (old.session_id is not null and new.session_id is distinct from old.session_id)
  ) execute function identity.keep_provider_record_spent();
comment on trigger keep_provider_record_spent on identity.provider_record is
  'Consumed stays consumed, ended stays ended, and a record never moves to another session.';

create table identity.provider_sign_in (
  session_id uuid not null,
  client_id text not null,
  sid text not null,
  tenant_id uuid,
  created_at timestamptz not null,
  ended_at timestamptz,
  logout_due_at timestamptz,
  logout_attempts integer not null default 0,
  logout_sent_at timestamptz,
  logout_failure text,
  constraint provider_sign_in_pkey primary key (session_id, client_id),
  constraint provider_sign_in_session_fkey foreign key (session_id) references identity.session (id) on delete cascade,
  constraint provider_sign_in_client_fkey foreign key (client_id) references identity.provider_client (id) on delete cascade,
  constraint provider_sign_in_logout_after_end check (ended_at is not null or (logout_due_at is null and logout_sent_at is null))
);
create index provider_sign_in_live_idx on identity.provider_sign_in (session_id) where ended_at is null;
create index provider_sign_in_due_idx on identity.provider_sign_in (logout_due_at) where logout_due_at is not null;
create index provider_sign_in_client_idx on identity.provider_sign_in (client_id);
comment on table identity.provider_sign_in is
  'Which applications a session signed in to, for which tenant, and whether they were told that it ended.';
comment on index identity.provider_sign_in_live_idx is 'Those of sessions that may have expired.';
comment on index identity.provider_sign_in_due_idx is 'Logout tokens to send.';
comment on index identity.provider_sign_in_client_idx is 'What goes when a client is deleted.';
comment on column identity.provider_sign_in.session_id is 'The session.';
comment on column identity.provider_sign_in.client_id is 'The application.';
comment on column identity.provider_sign_in.sid is 'The session as this application knows it: sid in its ID tokens and in the logout token.';
comment on column identity.provider_sign_in.tenant_id is 'The tenant the person chose for it; null while none was needed.';
comment on column identity.provider_sign_in.created_at is 'First sign-in to it under this session.';
comment on column identity.provider_sign_in.ended_at is 'When the session ended.';
comment on column identity.provider_sign_in.logout_due_at is 'When to send a logout token (next); null: none is to be sent.';
comment on column identity.provider_sign_in.logout_attempts is 'How often it was tried.';
comment on column identity.provider_sign_in.logout_sent_at is 'When the application confirmed it.';
comment on column identity.provider_sign_in.logout_failure is 'What the last failed attempt came to; a code, nothing of the answer.';

create function identity.end_provider_sign_ins() returns trigger
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  update identity.provider_sign_in s
    set ended_at = new.ended_at,
      logout_due_at = case when c.backchannel_logout_uri is null then null else new.ended_at end
    from identity.provider_client c
    where s.session_id = new.id and s.ended_at is null and c.id = s.client_id;
  return null;
end
$body$;
comment on function identity.end_provider_sign_ins() is 'Has every application told, however the session ended.';
create trigger end_provider_sign_ins after update of ended_at on identity.session
  for each row when (old.ended_at is null and new.ended_at is not null)
  execute function identity.end_provider_sign_ins();
comment on trigger end_provider_sign_ins on identity.session is 'Sign-out anywhere is sign-out everywhere.';

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
    select from identity.operator o where o.account_id = bulkhead.account_id() and o.revoked_at is null
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
