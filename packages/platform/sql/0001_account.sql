-- Accounts and credentials: what must be readable before a tenant is known. None of it belongs to a tenant,
-- so none of it is protected by row security; instead bulkhead_app has no privilege here at all, and
-- bulkhead_identity has, column by column, what sign-in needs. Tables that nothing uses yet (refresh_token,
-- provider_link, sign_in_failure) are granted to nobody; the migration that first uses one grants it.
-- Times come from the server's clock, so that a session's life can be tested without waiting.

create schema identity;
comment on schema identity is
  'Who somebody is (account, credentials, sessions) and where they belong (membership, invite).';
grant usage on schema identity to bulkhead_app, bulkhead_identity;

create table identity.account (
  id uuid not null,
  email text not null,
  email_normalised text not null,
  email_verified_at timestamptz,
  name text not null,
  created_at timestamptz not null,
  disabled_at timestamptz,
  disabled_reason text,
  constraint account_pkey primary key (id),
  constraint account_email_unique unique (email_normalised),
  -- A strict addr-spec (RFC 5321 dot-string and domain): what a mail library could read as two addresses,
  -- a display name or a route is not storable. Ranges are byte ranges whatever the database's collation.
  constraint account_email_normalised_form check (
    email_normalised collate "C" ~
      '^[a-z0-9!#$%&''*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&''*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$'
    and length(email_normalised) <= 254
    and length(split_part(email_normalised, '@', 1)) <= 64
  ),
  constraint account_email_same check (lower(email collate "C") = email_normalised),
  constraint account_name_length check (length(name) between 1 and 200),
  constraint account_disabled_reason_given check ((disabled_at is null) = (disabled_reason is null))
);
comment on table identity.account is
  'A human''s identity across all tenants. Owns no business data; a membership ties it to a tenant.';
comment on column identity.account.id is 'Version 4 UUID.';
comment on column identity.account.email is 'The address as typed, after NFKC. Mail is sent here, never to an address from a request.';
comment on column identity.account.email_normalised is 'The address in lower case: what an account is found by.';
comment on column identity.account.email_verified_at is 'When the holder proved to receive mail there; null until then.';
comment on column identity.account.name is 'What to call the person.';
comment on column identity.account.created_at is 'When the account was made.';
comment on column identity.account.disabled_at is 'Since when the account may not sign in; null while it may.';
comment on column identity.account.disabled_reason is 'Why it may not sign in.';

create table identity.password (
  account_id uuid not null,
  hash text not null,
  changed_at timestamptz not null,
  needs_factor boolean not null default false,
  constraint password_pkey primary key (account_id),
  constraint password_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  -- A plain or fast-hashed password cannot be stored by mistake.
  constraint password_hash_form check (hash ~ '^\$argon2id\$v=\d+\$m=\d+,t=\d+,p=\d+\$' or hash ~ '^\$2[abxy]\$\d\d\$.{53}$')
);
comment on table identity.password is 'An account''s password, if it has one: a slow salted hash.';
comment on column identity.password.account_id is 'Whose password it is.';
comment on column identity.password.hash is 'Argon2id in PHC form, or an imported bcrypt hash until its owner next signs in.';
comment on column identity.password.changed_at is 'When the owner last chose it; an upgrade of the hash is no change.';
comment on column identity.password.needs_factor is 'Chosen beside a second factor, and too short to stand alone: the last factor stays until a longer one is chosen.';

create table identity.session (
  id uuid not null,
  account_id uuid not null,
  token_hash bytea not null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  idle_expires_at timestamptz not null,
  absolute_expires_at timestamptz not null,
  ended_at timestamptz,
  ended_reason text,
  ip inet,
  user_agent text,
  acr text,
  amr text[] not null,
  auth_time timestamptz not null,
  constraint session_pkey primary key (id),
  constraint session_token_hash_unique unique (token_hash),
  constraint session_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint session_token_hash_sha256 check (octet_length(token_hash) = 32),
  constraint session_life check (
    created_at <= last_seen_at and last_seen_at <= idle_expires_at and idle_expires_at <= absolute_expires_at
  ),
  constraint session_ended_reason_given check ((ended_at is null) = (ended_reason is null)),
  constraint session_ended_reason_known check (
    ended_reason in ('signed_out', 'ended_elsewhere', 'password_changed', 'reuse', 'account_disabled', 'operator')
  ),
  constraint session_user_agent_length check (length(user_agent) <= 512)
);
create index session_account_idx on identity.session (account_id) where ended_at is null;
comment on table identity.session is
  'One sign-in on one device, and so the family to which its refresh tokens belong: ending it ends them all.';
comment on index identity.session_account_idx is 'An account''s live sessions: to list them and to end the others.';
comment on column identity.session.id is 'Version 4 UUID; the family id of the session''s refresh tokens. Not a secret.';
comment on column identity.session.account_id is 'Who signed in.';
comment on column identity.session.token_hash is 'SHA-256 of the 256-bit token in the cookie; the token itself is stored nowhere.';
comment on column identity.session.created_at is 'When the sign-in happened.';
comment on column identity.session.last_seen_at is 'Last use, to the minute.';
comment on column identity.session.idle_expires_at is 'Ends then unless used before; moves with use, never past absolute_expires_at.';
comment on column identity.session.absolute_expires_at is 'Ends then whatever happens.';
comment on column identity.session.ended_at is 'When it was ended before its time; final.';
comment on column identity.session.ended_reason is 'Why it was ended.';
comment on column identity.session.ip is 'Address at sign-in, shown in the device list.';
comment on column identity.session.user_agent is 'Browser at sign-in, shown in the device list.';
comment on column identity.session.acr is 'Authentication context class (OpenID Connect acr); null for a password alone.';
comment on column identity.session.amr is 'Methods used (RFC 8176): pwd, otp, hwk, mfa …';
comment on column identity.session.auth_time is 'When the person last proved who they are; step-up moves it.';

create function identity.keep_session_ended() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '23514', constraint = 'session_ended_is_final',
    message = 'session ' || old.id || ' has ended and cannot change any more',
    hint = 'Sign in again: a new session is a new row.';
end
$body$;
comment on function identity.keep_session_ended() is 'Refuses to revive a session (T-31).';
create trigger keep_session_ended before update on identity.session
  for each row when (old.ended_at is not null) execute function identity.keep_session_ended();
comment on trigger keep_session_ended on identity.session is 'An ended session never changes again.';

create table identity.refresh_token (
  id uuid not null,
  session_id uuid not null,
  token_hash bytea not null,
  predecessor_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  successor_encrypted bytea,
  successor_grace_until timestamptz,
  constraint refresh_token_pkey primary key (id),
  constraint refresh_token_hash_unique unique (token_hash),
  constraint refresh_token_session_unique unique (session_id, id),
  constraint refresh_token_session_fkey foreign key (session_id) references identity.session (id) on delete cascade,
  -- The predecessor is of the same family, and has one successor at most: a family cannot fork (T-30).
  constraint refresh_token_predecessor_fkey foreign key (session_id, predecessor_id)
    references identity.refresh_token (session_id, id),
  constraint refresh_token_predecessor_unique unique (predecessor_id),
  constraint refresh_token_hash_sha256 check (octet_length(token_hash) = 32),
  constraint refresh_token_life check (created_at < expires_at),
  constraint refresh_token_successor_after_use check (
    (used_at is null) = (successor_encrypted is null)
    and (used_at is null) = (successor_grace_until is null)
    and (used_at is null or successor_grace_until <= used_at + interval '1 minute')
  )
);
create unique index refresh_token_one_live on identity.refresh_token (session_id) where used_at is null;
create unique index refresh_token_one_first on identity.refresh_token (session_id) where predecessor_id is null;
comment on table identity.refresh_token is
  'A family''s refresh tokens in their order. Used from the refresh protocol on; the shape already rules out forks.';
comment on index identity.refresh_token_one_live is 'A family has one unused token at most.';
comment on index identity.refresh_token_one_first is 'A family has one first token.';
comment on column identity.refresh_token.id is 'Version 4 UUID.';
comment on column identity.refresh_token.session_id is 'The family.';
comment on column identity.refresh_token.token_hash is 'SHA-256 of the opaque token.';
comment on column identity.refresh_token.predecessor_id is 'The token this one was given in exchange for; null for the first.';
comment on column identity.refresh_token.created_at is 'When it was issued.';
comment on column identity.refresh_token.expires_at is 'When it ends unused.';
comment on column identity.refresh_token.used_at is 'When it was exchanged. A second exchange after the grace is reuse.';
comment on column identity.refresh_token.successor_encrypted is
  'The successor''s token, encrypted under a key derived from this token: a second tab within the grace gets the same one (T-32).';
comment on column identity.refresh_token.successor_grace_until is 'Until when the successor may be handed out again.';

create table identity.provider_link (
  id uuid not null,
  account_id uuid not null,
  issuer text not null,
  subject text not null,
  email_normalised text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  constraint provider_link_pkey primary key (id),
  constraint provider_link_subject_unique unique (issuer, subject),
  constraint provider_link_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint provider_link_issuer_form check (issuer ~ '^https://[^\s]+$')
);
create index provider_link_account_idx on identity.provider_link (account_id);
comment on table identity.provider_link is
  'An identity provider''s subject that signs in as this account. Linking needs a verified address on both sides (T-35).';
comment on index identity.provider_link_account_idx is 'An account''s linked providers.';
comment on column identity.provider_link.id is 'Version 4 UUID.';
comment on column identity.provider_link.account_id is 'The account it signs in.';
comment on column identity.provider_link.issuer is 'OpenID issuer or SAML entity id: https only.';
comment on column identity.provider_link.subject is 'The provider''s stable identifier of the person; never the address.';
comment on column identity.provider_link.email_normalised is 'The address the provider vouched for when the link was made.';
comment on column identity.provider_link.created_at is 'When it was linked.';
comment on column identity.provider_link.last_used_at is 'Last sign-in through it.';

create function identity.refuse_unverified_link() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  if not exists (
    select from identity.account a
    where a.id = new.account_id and a.email_verified_at is not null
  ) then
    raise exception using errcode = '23514', constraint = 'provider_link_account_verified',
      message = 'the account''s own address is not verified',
      hint = 'Whoever registered an address without proving it must not receive its owner''s sign-ins.';
  end if;
  return new;
end
$body$;
comment on function identity.refuse_unverified_link() is 'Refuses to link a provider to an account that never proved its address (T-35).';
create trigger refuse_unverified_link before insert or update on identity.provider_link
  for each row execute function identity.refuse_unverified_link();
comment on trigger refuse_unverified_link on identity.provider_link is 'Linking needs a verified address on our side too.';

create table identity.one_time_token (
  id uuid not null,
  type text not null,
  token_hash bytea not null,
  account_id uuid,
  tenant_id uuid,
  target_id uuid,
  email_normalised text not null,
  email text,
  browser_hash bytea,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  constraint one_time_token_pkey primary key (id),
  constraint one_time_token_hash_unique unique (type, token_hash),
  constraint one_time_token_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint one_time_token_hash_sha256 check (octet_length(token_hash) = 32),
  constraint one_time_token_type_known check (
    type in (
      'email_verification', 'password_reset', 'magic_link', 'email_change', 'email_change_undo', 'invite', 'sign_up'
    )
  ),
  -- An invite belongs to a tenant and to no account yet, a sign-up to neither; everything else to an account alone.
  constraint one_time_token_holder check (
    case type
      when 'invite' then account_id is null and tenant_id is not null and target_id is not null
      when 'sign_up' then account_id is null and tenant_id is null and target_id is not null
      else account_id is not null and tenant_id is null and target_id is null end
  ),
  constraint one_time_token_email_of_change check (
    (email is not null) = (type in ('email_change', 'email_change_undo'))
    and lower(email collate "C") = email_normalised
  ),
  constraint one_time_token_browser_of_magic_link check (
    (browser_hash is not null) = (type = 'magic_link') and octet_length(browser_hash) = 32
  ),
  -- Ten minutes for what signs in by itself: OWASP ASVS 5.0, 6.5.5.
  constraint one_time_token_life check (
    expires_at > created_at
    and expires_at <= created_at + case type
      when 'invite' then interval '7 days'
      when 'email_change_undo' then interval '7 days'
      when 'email_verification' then interval '1 day'
      when 'sign_up' then interval '1 day'
      when 'magic_link' then interval '10 minutes'
      else interval '1 hour' end
  )
);
create index one_time_token_account_idx on identity.one_time_token (account_id);
create index one_time_token_target_idx on identity.one_time_token (tenant_id, target_id);
comment on table identity.one_time_token is
  'Links that work once, each of one type: a reset link can never be redeemed as anything else (T-33). Consumed in the transaction that honours it.';
comment on index identity.one_time_token_account_idx is 'An account''s outstanding links.';
comment on index identity.one_time_token_target_idx is 'The token of an invite.';
comment on column identity.one_time_token.id is 'Version 4 UUID.';
comment on column identity.one_time_token.type is 'What the link does. Look-ups always name it.';
comment on column identity.one_time_token.token_hash is 'SHA-256 of the 256-bit token in the link.';
comment on column identity.one_time_token.account_id is 'Whom it acts for; null for an invite and a sign-up, which come before there is an account.';
comment on column identity.one_time_token.tenant_id is 'Invite: the tenant, needed before a context for it can be sealed.';
comment on column identity.one_time_token.target_id is 'Invite: its id in identity.invite. Sign-up: its id in identity.link_request.';
comment on column identity.one_time_token.email_normalised is 'The address the link was sent to.';
comment on column identity.one_time_token.email is 'Change of address, and its undoing: the address as typed, which the account gets.';
comment on column identity.one_time_token.browser_hash is
  'Magic link: SHA-256 of the secret in the cookie of the browser that asked for it, the only one that may redeem it.';
comment on column identity.one_time_token.created_at is 'When it was issued.';
comment on column identity.one_time_token.expires_at is 'From then on it is refused.';
comment on column identity.one_time_token.consumed_at is 'When it was used or withdrawn; final.';

create function identity.keep_token_consumed() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '23514', constraint = 'one_time_token_live',
    message = 'this link was used already',
    hint = 'Issue a new one.';
end
$body$;
comment on function identity.keep_token_consumed() is 'Refuses to change a consumed link (T-33).';
create trigger keep_token_consumed before update on identity.one_time_token
  for each row when (old.consumed_at is not null) execute function identity.keep_token_consumed();
comment on trigger keep_token_consumed on identity.one_time_token is 'A consumed link never works again.';

create table identity.sign_in_failure (
  id bigint generated always as identity,
  address_hash bytea not null,
  account_hash bytea not null,
  occurred_at timestamptz not null,
  failed_at timestamptz,
  released_at timestamptz,
  ip inet,
  constraint sign_in_failure_pkey primary key (id),
  constraint sign_in_failure_address_sha256 check (octet_length(address_hash) = 32),
  constraint sign_in_failure_account_sha256 check (octet_length(account_hash) = 32)
);
create index sign_in_failure_address_idx on identity.sign_in_failure (address_hash, occurred_at) where released_at is null;
create index sign_in_failure_account_idx on identity.sign_in_failure (account_hash, occurred_at) where released_at is null;
create index sign_in_failure_occurred_idx on identity.sign_in_failure (occurred_at);
comment on table identity.sign_in_failure is
  'Attempts to sign in that failed or are under way, for lockout. Recorded whether or not an account has the address, so that lockout tells nobody which exist.';
comment on index identity.sign_in_failure_address_idx is 'What counts against one address within a window.';
comment on index identity.sign_in_failure_account_idx is 'What counts against one account within a window.';
comment on index identity.sign_in_failure_occurred_idx is 'Old rows, to be purged.';
comment on column identity.sign_in_failure.id is 'Order of arrival.';
comment on column identity.sign_in_failure.address_hash is 'SHA-256 of the normalised address that was tried.';
comment on column identity.sign_in_failure.account_hash is 'SHA-256 that stands for the account; for an address without one, a value of its own.';
comment on column identity.sign_in_failure.occurred_at is 'When it began: it counts before its outcome is known, so that many at once are no more than many in turn.';
comment on column identity.sign_in_failure.failed_at is 'When it failed; null while under way, and for good when the server died meanwhile.';
comment on column identity.sign_in_failure.released_at is 'Since when it counts no longer: it succeeded, a later one did, the password was reset, or an operator released it.';
comment on column identity.sign_in_failure.ip is 'From where.';

revoke execute on all functions in schema identity from public;

select bulkhead.exempt_table('identity.account', 'An account belongs to no tenant and is read before one is known; bulkhead_app sees members'' names and addresses through identity.members() only.');
select bulkhead.exempt_table('identity.password', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.session', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.refresh_token', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.provider_link', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.one_time_token', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.sign_in_failure', 'Written before anybody is known.');

grant select on identity.account to bulkhead_identity;
grant insert (id, email, email_normalised, name, created_at) on identity.account to bulkhead_identity;
grant update (email, email_normalised, email_verified_at) on identity.account to bulkhead_identity;
grant select on identity.password to bulkhead_identity;
grant insert (account_id, hash, changed_at, needs_factor) on identity.password to bulkhead_identity;
grant update (hash, changed_at, needs_factor) on identity.password to bulkhead_identity;
grant select on identity.session to bulkhead_identity;
grant insert (id, account_id, token_hash, created_at, last_seen_at, idle_expires_at, absolute_expires_at, ip, user_agent, acr, amr, auth_time)
  on identity.session to bulkhead_identity;
grant update (last_seen_at, idle_expires_at, ended_at, ended_reason) on identity.session to bulkhead_identity;
grant select on identity.one_time_token to bulkhead_identity;
grant insert (id, type, token_hash, account_id, target_id, email_normalised, email, browser_hash, created_at, expires_at)
  on identity.one_time_token to bulkhead_identity;
grant update (consumed_at) on identity.one_time_token to bulkhead_identity;
