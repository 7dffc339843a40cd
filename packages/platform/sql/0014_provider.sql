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
