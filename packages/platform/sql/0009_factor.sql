-- Factors beyond the password: one-time codes (TOTP), passkeys, recovery codes; the sign-in that waits for one, and
-- the challenges passkeys sign. None of it belongs to a tenant. bulkhead_identity deletes nothing: a removed factor
-- keeps its row and loses its secret, and a duty of bulkhead_worker purges what has expired.

create table identity.totp_factor (
  id uuid not null,
  account_id uuid not null,
  label text not null,
  secret_encrypted bytea,
  last_step bigint,
  created_at timestamptz not null,
  confirmed_at timestamptz,
  last_used_at timestamptz,
  removed_at timestamptz,
  constraint totp_factor_pkey primary key (id),
  constraint totp_factor_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint totp_factor_label_length check (length(label) between 1 and 200),
  constraint totp_factor_secret_gone check ((removed_at is null) = (secret_encrypted is not null)),
  -- Confirming is accepting a code, so that a confirmed factor always knows the last step it accepted.
  constraint totp_factor_step_known check ((confirmed_at is null) = (last_step is null))
);
create index totp_factor_account_idx on identity.totp_factor (account_id) where removed_at is null;
comment on table identity.totp_factor is 'An authenticator app of an account: time-based one-time codes (RFC 6238).';
comment on index identity.totp_factor_account_idx is 'An account''s authenticator apps.';
comment on column identity.totp_factor.id is 'Version 4 UUID.';
comment on column identity.totp_factor.account_id is 'Whose it is.';
comment on column identity.totp_factor.label is 'The owner''s name for it.';
comment on column identity.totp_factor.secret_encrypted is
  'The shared secret, encrypted outside the database and bound to this row; null once removed.';
comment on column identity.totp_factor.last_step is
  'The last time step accepted: a code works once, and none works that is older (RFC 6238 section 5.2).';
comment on column identity.totp_factor.created_at is 'When the secret was shown.';
comment on column identity.totp_factor.confirmed_at is 'When its owner proved to hold it; unusable until then.';
comment on column identity.totp_factor.last_used_at is 'Last code accepted.';
comment on column identity.totp_factor.removed_at is 'When it was removed; final.';

create table identity.passkey (
  id uuid not null,
  account_id uuid not null,
  label text not null,
  credential_id bytea not null,
  public_key bytea not null,
  sign_count bigint not null,
  backup_eligible boolean not null,
  backed_up boolean not null,
  transports text[] not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  removed_at timestamptz,
  constraint passkey_pkey primary key (id),
  constraint passkey_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint passkey_credential_unique unique (credential_id),
  constraint passkey_credential_length check (octet_length(credential_id) between 1 and 1023),
  constraint passkey_label_length check (length(label) between 1 and 200),
  constraint passkey_sign_count_range check (sign_count between 0 and 4294967295),
  -- WebAuthn level 3, section 6.1.3: what may not be backed up never is.
  constraint passkey_backup_state check (backup_eligible or not backed_up)
);
create index passkey_account_idx on identity.passkey (account_id) where removed_at is null;
comment on table identity.passkey is 'A discoverable WebAuthn credential of an account. Holds no secret.';
comment on index identity.passkey_account_idx is 'An account''s passkeys.';
comment on column identity.passkey.id is 'Version 4 UUID.';
comment on column identity.passkey.account_id is 'Whose it is; also the user handle the authenticator returns.';
comment on column identity.passkey.label is 'The owner''s name for it.';
comment on column identity.passkey.credential_id is 'Chosen by the authenticator; 1 to 1023 bytes.';
comment on column identity.passkey.public_key is 'COSE public key.';
comment on column identity.passkey.sign_count is
  'Last signature counter. Grows with each use, or stays 0 with authenticators that keep none.';
comment on column identity.passkey.backup_eligible is 'May be synchronised between devices (flag BE); fixed at registration.';
comment on column identity.passkey.backed_up is 'Is synchronised at present (flag BS).';
comment on column identity.passkey.transports is 'How the browser reaches the authenticator: internal, hybrid, usb …';
comment on column identity.passkey.created_at is 'When it was added.';
comment on column identity.passkey.last_used_at is 'Last time it was accepted.';
comment on column identity.passkey.removed_at is 'When it was removed; final.';

create table identity.recovery_code (
  id uuid not null,
  account_id uuid not null,
  code_hash bytea not null,
  created_at timestamptz not null,
  used_at timestamptz,
  withdrawn_at timestamptz,
  constraint recovery_code_pkey primary key (id),
  constraint recovery_code_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint recovery_code_hash_unique unique (code_hash),
  constraint recovery_code_hash_sha256 check (octet_length(code_hash) = 32),
  constraint recovery_code_one_end check (used_at is null or withdrawn_at is null)
);
create index recovery_code_account_idx on identity.recovery_code (account_id)
  where used_at is null and withdrawn_at is null;
comment on table identity.recovery_code is 'Codes that stand in once each for a lost factor.';
comment on index identity.recovery_code_account_idx is 'An account''s codes that still work.';
comment on column identity.recovery_code.id is 'Version 4 UUID.';
comment on column identity.recovery_code.account_id is 'Whose it is.';
comment on column identity.recovery_code.code_hash is
  'SHA-256 over account and code. The code has 120 random bits: no slow hash is needed (NIST SP 800-63B section 5.1.2.2).';
comment on column identity.recovery_code.created_at is 'When it was shown.';
comment on column identity.recovery_code.used_at is 'When it was spent; final.';
comment on column identity.recovery_code.withdrawn_at is 'When it was replaced by new ones, or the last factor was removed; final.';

create table identity.pending_sign_in (
  id uuid not null,
  account_id uuid not null,
  token_hash bytea not null,
  methods text[] not null,
  verified_by text not null,
  attempts smallint not null default 0,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  constraint pending_sign_in_pkey primary key (id),
  constraint pending_sign_in_token_unique unique (token_hash),
  constraint pending_sign_in_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint pending_sign_in_token_sha256 check (octet_length(token_hash) = 32),
  constraint pending_sign_in_methods_given check (cardinality(methods) > 0),
  constraint pending_sign_in_verified_by_length check (length(verified_by) between 1 and 50),
  constraint pending_sign_in_attempts_limit check (attempts between 0 and 5),
  constraint pending_sign_in_life check (expires_at > created_at and expires_at <= created_at + interval '5 minutes')
);
create index pending_sign_in_account_idx on identity.pending_sign_in (account_id);
create index pending_sign_in_expiry_idx on identity.pending_sign_in (expires_at);
comment on table identity.pending_sign_in is
  'A sign-in whose first factor was proved and whose second is due. Consumed in the transaction that starts the session.';
comment on index identity.pending_sign_in_account_idx is 'An account''s sign-ins under way.';
comment on index identity.pending_sign_in_expiry_idx is 'What is to be purged.';
comment on column identity.pending_sign_in.id is 'Version 4 UUID.';
comment on column identity.pending_sign_in.account_id is 'Who proved the first factor.';
comment on column identity.pending_sign_in.token_hash is 'SHA-256 of the 256-bit token the browser holds meanwhile.';
comment on column identity.pending_sign_in.methods is 'Methods proved so far (RFC 8176).';
comment on column identity.pending_sign_in.verified_by is 'How the first factor was proved: password, magic_link, provider …';
comment on column identity.pending_sign_in.attempts is 'Second factors tried, counted before each is looked at; 5 at most.';
comment on column identity.pending_sign_in.created_at is 'When the first factor was proved.';
comment on column identity.pending_sign_in.expires_at is 'From then on it is refused.';
comment on column identity.pending_sign_in.consumed_at is 'When its session started, or it was withdrawn with the account''s sessions; final.';

create table identity.passkey_challenge (
  id uuid not null,
  purpose text not null,
  challenge_hash bytea not null,
  account_id uuid,
  session_id uuid,
  pending_sign_in_id uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  constraint passkey_challenge_pkey primary key (id),
  constraint passkey_challenge_hash_unique unique (challenge_hash),
  constraint passkey_challenge_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint passkey_challenge_session_fkey foreign key (session_id) references identity.session (id) on delete cascade,
  constraint passkey_challenge_pending_fkey foreign key (pending_sign_in_id)
    references identity.pending_sign_in (id) on delete cascade,
  constraint passkey_challenge_hash_sha256 check (octet_length(challenge_hash) = 32),
  constraint passkey_challenge_purpose_known check (purpose in ('register', 'sign_in', 'second_factor', 'step_up')),
  -- A challenge for one purpose, person and place is never another's.
  constraint passkey_challenge_holder check (
    (account_id is not null) = (purpose <> 'sign_in')
    and (session_id is not null) = (purpose in ('register', 'step_up'))
    and (pending_sign_in_id is not null) = (purpose = 'second_factor')
  ),
  constraint passkey_challenge_life check (expires_at > created_at and expires_at <= created_at + interval '5 minutes')
);
create index passkey_challenge_account_idx on identity.passkey_challenge (account_id);
create index passkey_challenge_session_idx on identity.passkey_challenge (session_id);
create index passkey_challenge_pending_idx on identity.passkey_challenge (pending_sign_in_id);
create index passkey_challenge_expiry_idx on identity.passkey_challenge (expires_at);
comment on table identity.passkey_challenge is 'What an authenticator was asked to sign; answered once, whatever the answer.';
comment on index identity.passkey_challenge_account_idx is 'An account''s challenges: for the foreign key.';
comment on index identity.passkey_challenge_session_idx is 'A session''s challenges: for the foreign key.';
comment on index identity.passkey_challenge_pending_idx is 'A pending sign-in''s challenges: for the foreign key.';
comment on index identity.passkey_challenge_expiry_idx is 'What is to be purged.';
comment on column identity.passkey_challenge.id is 'Version 4 UUID.';
comment on column identity.passkey_challenge.purpose is 'register, sign_in, second_factor or step_up. Look-ups always name it.';
comment on column identity.passkey_challenge.challenge_hash is 'SHA-256 of the 32 random bytes sent to the browser.';
comment on column identity.passkey_challenge.account_id is 'Who may answer; null at sign-in, where nobody is known yet.';
comment on column identity.passkey_challenge.session_id is 'Registration and step-up: the session that asked.';
comment on column identity.passkey_challenge.pending_sign_in_id is 'Second factor: the sign-in it completes.';
comment on column identity.passkey_challenge.created_at is 'When it was issued.';
comment on column identity.passkey_challenge.expires_at is 'From then on it is refused.';
comment on column identity.passkey_challenge.consumed_at is 'When it was answered; final.';

create table identity.factor_attempt (
  id uuid not null,
  account_id uuid not null,
  use text not null,
  attempted_at timestamptz not null,
  failed boolean not null default true,
  constraint factor_attempt_pkey primary key (id),
  constraint factor_attempt_account_fkey foreign key (account_id) references identity.account (id) on delete cascade,
  constraint factor_attempt_use_known check (use in ('sign_in', 'step_up', 'confined_sign_in', 'confined_step_up'))
);
create index factor_attempt_account_idx on identity.factor_attempt (account_id, use, attempted_at);
create index factor_attempt_age_idx on identity.factor_attempt (attempted_at);
comment on table identity.factor_attempt is
  'Second factors and step-ups that were tried. Guessing at a sign-in locks nobody out of stepping up in a session, nor the reverse, and what a tenant''s provider lets in locks out nobody else.';
comment on index identity.factor_attempt_account_idx is 'An account''s failures within a window.';
comment on index identity.factor_attempt_age_idx is 'What is to be purged.';
comment on column identity.factor_attempt.id is 'Version 4 UUID.';
comment on column identity.factor_attempt.account_id is 'Whose factor was tried.';
comment on column identity.factor_attempt.use is
  'sign_in or step_up; confined_… where a tenant''s own identity provider, which may lie, vouched for the first factor.';
comment on column identity.factor_attempt.attempted_at is 'When.';
comment on column identity.factor_attempt.failed is
  'Counts as a failure from the moment it begins until it is known otherwise, so that tries at once cannot outnumber the limit.';

create function identity.keep_spent() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '23514', constraint = tg_table_name || '_spent',
    message = tg_table_schema || '.' || tg_table_name || ' ' || old.id || ' is spent and cannot change any more',
    hint = 'Issue a new one.';
end
$body$;
comment on function identity.keep_spent() is 'Refuses to change what was used, withdrawn or removed (T-33).';
create trigger keep_spent before update on identity.totp_factor
  for each row when (old.removed_at is not null) execute function identity.keep_spent();
comment on trigger keep_spent on identity.totp_factor is 'A removed authenticator app never works again.';
create trigger keep_spent before update on identity.passkey
  for each row when (old.removed_at is not null) execute function identity.keep_spent();
comment on trigger keep_spent on identity.passkey is 'A removed passkey never works again.';
create trigger keep_spent before update on identity.recovery_code
  for each row when (old.used_at is not null or old.withdrawn_at is not null) execute function identity.keep_spent();
comment on trigger keep_spent on identity.recovery_code is 'A recovery code works once.';
create trigger keep_spent before update on identity.pending_sign_in
  for each row when (old.consumed_at is not null) execute function identity.keep_spent();
comment on trigger keep_spent on identity.pending_sign_in is 'A sign-in is completed once.';
create trigger keep_spent before update on identity.passkey_challenge
  for each row when (old.consumed_at is not null) execute function identity.keep_spent();
comment on trigger keep_spent on identity.passkey_challenge is 'A challenge is answered once.';

create function identity.purge_challenges(before timestamptz) returns bigint
  language sql
  security definer
  set search_path = ''
as $body$
  with attempts as (
    delete from identity.factor_attempt a where a.attempted_at < before returning 1
  ), challenges as (
    delete from identity.passkey_challenge c where c.expires_at < before returning 1
  ), sign_ins as (
    delete from identity.pending_sign_in p where p.expires_at < before returning 1
  )
  select (select count(*) from attempts) + (select count(*) from challenges) + (select count(*) from sign_ins)
$body$;
comment on function identity.purge_challenges(timestamptz) is
  'Deletes challenges and pending sign-ins that expired, and attempts that were made, before an instant; returns how many.';

-- For somebody who lost phone and codes, after whoever runs the service made sure who asks. Sessions end too: they may
-- be the thief's.
create function identity.reset_factors(email text, reason text, at timestamptz) returns integer
  language plpgsql
  set search_path = ''
as $body$
declare
  reset uuid;
  apps integer;
  passkeys integer;
begin
  select a.id into reset from identity.account a
    where a.email_normalised = lower(reset_factors.email) for no key update;
  if reset is null then
    raise exception using errcode = '22023', constraint = 'account_known',
      message = 'there is no account with the address ' || reset_factors.email, hint = 'Check the address.';
  end if;
  update identity.totp_factor f set removed_at = at, secret_encrypted = null
    where f.account_id = reset and f.removed_at is null;
  get diagnostics apps = row_count;
  update identity.passkey k set removed_at = at where k.account_id = reset and k.removed_at is null;
  get diagnostics passkeys = row_count;
  update identity.recovery_code c set withdrawn_at = at
    where c.account_id = reset and c.used_at is null and c.withdrawn_at is null;
  -- One that was accepted beside a factor opens nothing alone: its owner chooses another by mail.
  delete from identity.password p where p.account_id = reset and p.needs_factor;
  update identity.pending_sign_in p set consumed_at = at where p.account_id = reset and p.consumed_at is null;
  update identity.session s set ended_at = at, ended_reason = 'operator'
    where s.account_id = reset and s.ended_at is null;
  perform bulkhead.audit_event('factor.reset', 'identity.account', reset,
    json_build_object('reason', reset_factors.reason, 'apps', apps, 'passkeys', passkeys));
  return apps + passkeys;
end
$body$;
comment on function identity.reset_factors(text, text, timestamptz) is
  'Removes all factors and recovery codes of an account, and a password too short to stand alone, and ends its sessions; returns how many factors. Runs with the caller''s privileges: bulkhead_owner''s.';

revoke execute on function identity.keep_spent(), identity.purge_challenges(timestamptz),
  identity.reset_factors(text, text, timestamptz) from public;
grant usage on schema identity to bulkhead_worker;
grant execute on function identity.purge_challenges(timestamptz) to bulkhead_worker;

select bulkhead.exempt_table('identity.totp_factor', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.passkey', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.recovery_code', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.pending_sign_in', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.passkey_challenge', 'Credential; read before a tenant is known.');
select bulkhead.exempt_table('identity.factor_attempt', 'Written before a tenant is known.');

grant select on identity.factor_attempt to bulkhead_identity;
grant insert (id, account_id, use, attempted_at) on identity.factor_attempt to bulkhead_identity;
grant update (failed) on identity.factor_attempt to bulkhead_identity;
grant select on identity.totp_factor, identity.passkey, identity.recovery_code, identity.pending_sign_in,
  identity.passkey_challenge to bulkhead_identity;
grant insert (id, account_id, label, secret_encrypted, created_at) on identity.totp_factor to bulkhead_identity;
grant update (label, secret_encrypted, last_step, confirmed_at, last_used_at, removed_at)
  on identity.totp_factor to bulkhead_identity;
grant insert (id, account_id, label, credential_id, public_key, sign_count, backup_eligible, backed_up, transports, created_at)
  on identity.passkey to bulkhead_identity;
grant update (label, sign_count, backed_up, last_used_at, removed_at) on identity.passkey to bulkhead_identity;
grant insert (id, account_id, code_hash, created_at) on identity.recovery_code to bulkhead_identity;
grant update (used_at, withdrawn_at) on identity.recovery_code to bulkhead_identity;
grant insert (id, account_id, token_hash, methods, verified_by, created_at, expires_at)
  on identity.pending_sign_in to bulkhead_identity;
grant update (attempts, consumed_at) on identity.pending_sign_in to bulkhead_identity;
grant insert (id, purpose, challenge_hash, account_id, session_id, pending_sign_in_id, created_at, expires_at)
  on identity.passkey_challenge to bulkhead_identity;
grant update (consumed_at) on identity.passkey_challenge to bulkhead_identity;
-- Step-up: a stronger or fresher proof, and with it a new token, in one statement.
grant update (token_hash, auth_time, acr, amr) on identity.session to bulkhead_identity;
