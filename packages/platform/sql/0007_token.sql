-- Signed access tokens, families of refresh tokens, lockout, and the devices of sessions.

create table identity.signing_key (
  id text not null,
  algorithm text not null,
  public_key jsonb not null,
  private_encrypted bytea,
  state text not null,
  created_at timestamptz not null,
  current_since timestamptz,
  retired_at timestamptz,
  published_until timestamptz,
  constraint signing_key_pkey primary key (id),
  constraint signing_key_thumbprint check (id ~ '^[A-Za-z0-9_-]{43}$'),
  constraint signing_key_algorithm_known check (algorithm = 'EdDSA'),
  -- The private part of a JWK is never among what is published.
  constraint signing_key_public_only check (not public_key ?| array['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']),
  constraint signing_key_state_known check (state in ('next', 'current', 'retired')),
  constraint signing_key_state_times check (
    case state
      when 'next' then current_since is null and retired_at is null and published_until is null
      when 'current' then current_since is not null and retired_at is null and published_until is null
      else current_since is not null and retired_at is not null and published_until >= retired_at end
  ),
  -- What no longer signs cannot: its private part is destroyed as it retires.
  constraint signing_key_retired_without_private check ((state = 'retired') = (private_encrypted is null))
);
create unique index signing_key_one_current on identity.signing_key ((true)) where state = 'current';
create unique index signing_key_one_next on identity.signing_key ((true)) where state = 'next';
comment on table identity.signing_key is
  'Keys that sign access tokens: one current, one published before it is used, and the retired ones whose tokens still live.';
comment on index identity.signing_key_one_current is 'One key signs.';
comment on index identity.signing_key_one_next is 'One key comes next.';
comment on column identity.signing_key.id is 'The kid: RFC 7638 thumbprint of the public key.';
comment on column identity.signing_key.algorithm is 'JWS algorithm, the only one this key is good for.';
comment on column identity.signing_key.public_key is 'Public JWK, as published.';
comment on column identity.signing_key.private_encrypted is 'Private JWK, encrypted outside the database; null once retired.';
comment on column identity.signing_key.state is 'next, current or retired.';
comment on column identity.signing_key.created_at is 'When it was made, and so since when it is published.';
comment on column identity.signing_key.current_since is 'Since when it signs, or signed.';
comment on column identity.signing_key.retired_at is 'Since when it does not.';
comment on column identity.signing_key.published_until is 'Until then its last tokens may live; from then on it is not published and verifies nothing.';

create function identity.keep_signing_key_retired() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '23514', constraint = 'signing_key_retired_is_final',
    message = 'signing key ' || old.id || ' is retired',
    hint = 'Make a new key: bulkhead key rotate.';
end
$body$;
comment on function identity.keep_signing_key_retired() is 'Refuses to change a retired key: what was once given up never signs again.';
create trigger keep_signing_key_retired before update on identity.signing_key
  for each row when (old.state = 'retired') execute function identity.keep_signing_key_retired();
comment on trigger keep_signing_key_retired on identity.signing_key is 'A retired key stays retired.';

alter table identity.session add column device_hash bytea;
alter table identity.session add constraint session_device_hash_sha256 check (octet_length(device_hash) = 32);
comment on column identity.session.device_hash is
  'SHA-256 of the random value in the browser''s device cookie, by which the same browser is known again; null for a program.';
create index session_device_idx on identity.session (account_id, device_hash);
comment on index identity.session_device_idx is 'Whether an account has been signed in on a device before.';

create function identity.exchange_refresh_token(
  token_hash bytea, successor_id uuid, successor_hash bytea, successor_encrypted bytea,
  at timestamptz, idle interval, grace interval
) returns table (session_id uuid, account_id uuid, auth_time timestamptz, amr text[], acr text, expires_at timestamptz)
  language sql
  set search_path = ''
begin atomic
  with family as (
    -- The lock makes the members of a family take turns, and waits for whoever ends it.
    select s.id, s.account_id, s.auth_time, s.amr, s.acr, s.absolute_expires_at
    from identity.session s
    where s.id = (select t.session_id from identity.refresh_token t where t.token_hash = exchange_refresh_token.token_hash)
      and s.ended_at is null and s.absolute_expires_at > exchange_refresh_token.at
    for update
  ), used as (
    update identity.refresh_token t
    set used_at = exchange_refresh_token.at,
      successor_encrypted = exchange_refresh_token.successor_encrypted,
      successor_grace_until = exchange_refresh_token.at + exchange_refresh_token.grace
    from family f
    where t.token_hash = exchange_refresh_token.token_hash and t.session_id = f.id
      and t.used_at is null and t.expires_at > exchange_refresh_token.at
      and exists (select from identity.account a where a.id = f.account_id and a.disabled_at is null)
    returning t.id, f.id as family_id, f.account_id, f.auth_time, f.amr, f.acr,
      least(f.absolute_expires_at, exchange_refresh_token.at + exchange_refresh_token.idle) as lives_until
  ), succeeded as (
    insert into identity.refresh_token (id, session_id, token_hash, predecessor_id, created_at, expires_at)
    select exchange_refresh_token.successor_id, u.family_id, exchange_refresh_token.successor_hash, u.id,
      exchange_refresh_token.at, u.lives_until
    from used u
  ), seen as (
    update identity.session s
    set last_seen_at = greatest(s.last_seen_at, exchange_refresh_token.at),
      idle_expires_at = greatest(s.idle_expires_at, u.lives_until)
    from used u where s.id = u.family_id
  )
  select u.family_id, u.account_id, u.auth_time, u.amr, u.acr, u.lives_until from used u;
end;
comment on function identity.exchange_refresh_token(bytea, uuid, bytea, bytea, timestamptz, interval, interval) is
  'Uses up a live refresh token and stores its successor: one statement, both or neither. No row: the token is not live, or its family or account is not.';

create function identity.begin_sign_in(address text, address_hash bytea, at timestamptz, ip inet)
  returns table (attempt bigint, verdict text, account_id uuid, hash text)
  language plpgsql
  set search_path = ''
as $body$
declare
  found_account uuid;
  found_hash text;
  subject bytea;
  made bigint;
  failures integer;
  under_way integer;
begin
  -- Not worth a wait for the disk: a crash of Postgres itself forgets what its last moments counted.
  perform set_config('synchronous_commit', 'off', true);
  -- Two attempts at one address take turns here, so that many at once do not all count the same failures.
  perform pg_advisory_xact_lock(hashtextextended(encode(begin_sign_in.address_hash, 'hex'), 0));
  -- Before the account is looked for, so that a lock looks the same whether or not there is one.
  if identity.count_address_failures(begin_sign_in.address_hash, begin_sign_in.at) >= 5 then
    return query select null::bigint, 'locked', null::uuid, null::text;
    return;
  end if;
  -- One row and one look into each index, whether or not there is an account.
  select a.id, p.hash into found_account, found_hash
    from (values (1)) always (one)
    left join identity.account a on a.email_normalised = begin_sign_in.address
    left join identity.password p on p.account_id = coalesce(a.id, '00000000-0000-0000-0000-000000000000');
  subject := identity.sign_in_subject(found_account, begin_sign_in.address_hash);
  select greatest(c.address_failures, c.account_failures), greatest(c.address_all, c.account_all)
    into failures, under_way
    from identity.count_sign_in_failures(begin_sign_in.address_hash, subject, begin_sign_in.at) c;
  if failures >= 5 then
    return query select null::bigint, 'locked', null::uuid, null::text;
  elsif under_way >= 5 then
    return query select null::bigint, 'busy', null::uuid, null::text;
  else
    insert into identity.sign_in_failure (address_hash, account_hash, occurred_at, ip)
      values (begin_sign_in.address_hash, subject, begin_sign_in.at, begin_sign_in.ip)
      returning id into made;
    return query select made, 'open', found_account, found_hash;
  end if;
end
$body$;

create function identity.sign_in_subject(account_id uuid, address_hash bytea) returns bytea
  language sql immutable
  set search_path = ''
as $body$
  select case
    when account_id is null then sha256('\x00'::bytea || address_hash)
    else sha256('\x01'::bytea || uuid_send(account_id)) end
$body$;
comment on function identity.sign_in_subject(uuid, bytea) is
  'What failures of an account are counted under; an address without one has a value of its own, so that it locks alike.';

create function identity.count_address_failures(address_hash bytea, at timestamptz) returns integer
  language plpgsql stable
  set search_path = ''
as $body$
begin
  return (
    select count(*) from identity.sign_in_failure f
    where f.address_hash = count_address_failures.address_hash and f.released_at is null
      and f.occurred_at > at - interval '15 minutes'
      and (f.failed_at is not null or f.occurred_at <= at - interval '1 minute')
  );
end
$body$;
comment on function identity.count_address_failures(bytea, timestamptz) is
  'Failures of the last 15 minutes at one address.';

-- In PL/pgSQL, which keeps its plans, where SQL functions before Postgres 18 plan anew at each call.
create function identity.count_sign_in_failures(address_hash bytea, account_hash bytea, at timestamptz)
  returns table (address_failures integer, account_failures integer, address_all integer, account_all integer)
  language plpgsql stable
  set search_path = ''
as $body$
begin
  -- An attempt without an outcome after a minute is one whose server died: it counts as failed.
  select count(*), count(*) filter (where f.failed_at is not null or f.occurred_at <= at - interval '1 minute')
    into address_all, address_failures
    from identity.sign_in_failure f
    where f.address_hash = count_sign_in_failures.address_hash and f.released_at is null
      and f.occurred_at > at - interval '15 minutes';
  select count(*), count(*) filter (where f.failed_at is not null or f.occurred_at <= at - interval '1 minute')
    into account_all, account_failures
    from identity.sign_in_failure f
    where f.account_hash = count_sign_in_failures.account_hash and f.released_at is null
      and f.occurred_at > at - interval '15 minutes';
  return next;
end
$body$;
comment on function identity.count_sign_in_failures(bytea, bytea, timestamptz) is
  'Failures, and failures with attempts under way, of the last 15 minutes: by address and by account apart.';
comment on function identity.begin_sign_in(text, bytea, timestamptz, inet) is
  'Before a password is compared: counts the attempt as a failure to come, unless five stand against address or account. One statement and one answer whether or not the address has an account.';

create function identity.fail_sign_in(attempt bigint, at timestamptz) returns boolean
  language plpgsql
  set search_path = ''
as $body$
declare
  failed identity.sign_in_failure;
  reached boolean;
begin
  update identity.sign_in_failure f set failed_at = at where f.id = attempt returning f.* into failed;
  select c.address_failures = 5 or c.account_failures = 5 into reached
    from identity.count_sign_in_failures(failed.address_hash, failed.account_hash, at) c;
  return reached;
end
$body$;
comment on function identity.fail_sign_in(bigint, timestamptz) is
  'Records that an attempt failed. True when this failure is the one that locks.';

create function identity.is_sign_in_locked(account_id uuid, address text, at timestamptz) returns boolean
  language sql stable
  set search_path = ''
as $body$
  select c.address_failures >= 5 or c.account_failures >= 5
  from identity.count_sign_in_failures(
    sha256(convert_to(address, 'UTF8')),
    identity.sign_in_subject(account_id, sha256(convert_to(address, 'UTF8'))), at) c
$body$;
comment on function identity.is_sign_in_locked(uuid, text, timestamptz) is
  'Whether five failures of the last 15 minutes stand against the account or its address.';

create function identity.release_sign_in(account_id uuid, address text, at timestamptz, attempt bigint default null)
  returns integer
  language plpgsql
  set search_path = ''
as $body$
declare
  released integer;
begin
  update identity.sign_in_failure f set released_at = at
    where f.released_at is null
      and (f.failed_at is not null or f.occurred_at <= at - interval '1 minute' or f.id = release_sign_in.attempt)
      and (f.account_hash = identity.sign_in_subject(release_sign_in.account_id, sha256(convert_to(address, 'UTF8')))
        or f.address_hash = sha256(convert_to(address, 'UTF8')));
  get diagnostics released = row_count;
  return released;
end
$body$;
comment on function identity.release_sign_in(uuid, text, timestamptz, bigint) is
  'Takes back what stands against an account and its address, but no attempt that is under way, unless it is the given one.';

create function identity.forget_sign_in_failures(before timestamptz) returns bigint
  language sql security definer
  set search_path = ''
begin atomic
  with gone as (
    delete from identity.sign_in_failure f
    where f.occurred_at < least(forget_sign_in_failures.before, now() - interval '1 hour')
    returning 1
  )
  select count(*) from gone;
end;
comment on function identity.forget_sign_in_failures(timestamptz) is
  'Deletes attempts that count no longer; never one of the last hour, whoever asks.';

create function identity.disable_account(email text, reason text, at timestamptz) returns integer
  language plpgsql
  set search_path = ''
as $body$
declare
  disabled uuid;
  ended integer;
begin
  update identity.account a set disabled_at = at, disabled_reason = disable_account.reason
    where a.email_normalised = lower(disable_account.email) and a.disabled_at is null
    returning a.id into disabled;
  if disabled is null then
    raise exception using errcode = '22023', constraint = 'account_enabled',
      message = 'there is no enabled account with the address ' || disable_account.email,
      hint = 'Check the address; an account that is disabled already stays so.';
  end if;
  update identity.pending_sign_in p set consumed_at = at where p.account_id = disabled and p.consumed_at is null;
  update identity.session s set ended_at = at, ended_reason = 'account_disabled'
    where s.account_id = disabled and s.ended_at is null;
  get diagnostics ended = row_count;
  perform bulkhead.audit_event('account.disable', 'identity.account', disabled,
    json_build_object('reason', disable_account.reason, 'sessions_ended', ended));
  return ended;
end
$body$;
comment on function identity.disable_account(text, text, timestamptz) is
  'Disables an account and ends its sessions. It waits for sign-ins under way and ends those too. Runs with the caller''s privileges: bulkhead_owner''s.';

create function identity.enable_account(email text, reason text) returns void
  language plpgsql
  set search_path = ''
as $body$
declare
  enabled uuid;
begin
  update identity.account a set disabled_at = null, disabled_reason = null
    where a.email_normalised = lower(enable_account.email) and a.disabled_at is not null
    returning a.id into enabled;
  if enabled is null then
    raise exception using errcode = '22023', constraint = 'account_disabled',
      message = 'there is no disabled account with the address ' || enable_account.email,
      hint = 'Check the address.';
  end if;
  perform bulkhead.audit_event('account.enable', 'identity.account', enabled,
    json_build_object('reason', enable_account.reason));
end
$body$;
comment on function identity.enable_account(text, text) is
  'Lets a disabled account sign in again; its sessions stay ended. Runs with the caller''s privileges: bulkhead_owner''s.';

create function identity.unlock_account(email text, reason text, at timestamptz) returns integer
  language plpgsql
  set search_path = ''
as $body$
declare
  unlocked uuid;
  released integer;
begin
  select a.id into unlocked from identity.account a where a.email_normalised = lower(unlock_account.email);
  if unlocked is null then
    raise exception using errcode = '22023', constraint = 'account_known',
      message = 'there is no account with the address ' || unlock_account.email, hint = 'Check the address.';
  end if;
  released := identity.release_sign_in(unlocked, lower(unlock_account.email), at);
  perform bulkhead.audit_event('account.unlock', 'identity.account', unlocked,
    json_build_object('reason', unlock_account.reason, 'failures', released));
  return released;
end
$body$;
comment on function identity.unlock_account(text, text, timestamptz) is
  'Releases an account from lockout. Runs with the caller''s privileges: bulkhead_owner''s.';

select bulkhead.exempt_table('identity.signing_key', 'Of the installation; read before anybody is known.');

grant select on identity.signing_key to bulkhead_identity;
grant insert (id, algorithm, public_key, private_encrypted, state, created_at, current_since) on identity.signing_key to bulkhead_identity;
grant update (private_encrypted, state, current_since, retired_at, published_until) on identity.signing_key to bulkhead_identity;
grant select on identity.refresh_token to bulkhead_identity;
grant insert (id, session_id, token_hash, predecessor_id, created_at, expires_at) on identity.refresh_token to bulkhead_identity;
grant update (used_at, successor_encrypted, successor_grace_until) on identity.refresh_token to bulkhead_identity;
grant insert (device_hash) on identity.session to bulkhead_identity;
grant select on identity.sign_in_failure to bulkhead_identity;
grant insert (address_hash, account_hash, occurred_at, ip) on identity.sign_in_failure to bulkhead_identity;
grant update (failed_at, released_at) on identity.sign_in_failure to bulkhead_identity;

revoke execute on function
  identity.keep_signing_key_retired(),
  identity.exchange_refresh_token(bytea, uuid, bytea, bytea, timestamptz, interval, interval),
  identity.begin_sign_in(text, bytea, timestamptz, inet),
  identity.sign_in_subject(uuid, bytea),
  identity.count_address_failures(bytea, timestamptz),
  identity.count_sign_in_failures(bytea, bytea, timestamptz),
  identity.fail_sign_in(bigint, timestamptz),
  identity.is_sign_in_locked(uuid, text, timestamptz),
  identity.release_sign_in(uuid, text, timestamptz, bigint),
  identity.forget_sign_in_failures(timestamptz),
  identity.disable_account(text, text, timestamptz),
  identity.enable_account(text, text),
  identity.unlock_account(text, text, timestamptz)
  from public;
grant execute on function
  identity.exchange_refresh_token(bytea, uuid, bytea, bytea, timestamptz, interval, interval),
  identity.begin_sign_in(text, bytea, timestamptz, inet),
  identity.sign_in_subject(uuid, bytea),
  identity.count_address_failures(bytea, timestamptz),
  identity.count_sign_in_failures(bytea, bytea, timestamptz),
  identity.fail_sign_in(bigint, timestamptz),
  identity.is_sign_in_locked(uuid, text, timestamptz),
  identity.release_sign_in(uuid, text, timestamptz, bigint)
  to bulkhead_identity;
grant usage on schema identity to bulkhead_worker;
grant execute on function identity.forget_sign_in_failures(timestamptz) to bulkhead_worker;
