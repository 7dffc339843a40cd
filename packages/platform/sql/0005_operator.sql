-- Operators: staff of the party that runs the service. There is no way up from inside the product: no runtime role
-- can write this table or run these functions; an administrator does, connected as the owner.

create table identity.operator (
  id uuid not null default gen_random_uuid(),
  account_id uuid not null,
  reason text not null,
  promoted_at timestamptz not null default now(),
  promoted_by text not null default session_user,
  revoked_at timestamptz,
  revoked_reason text,
  constraint operator_pkey primary key (id),
  constraint operator_account_fkey foreign key (account_id) references identity.account (id),
  constraint operator_reason_length check (length(btrim(reason)) between 10 and 500),
  constraint operator_revoked_reason_given check ((revoked_at is null) = (revoked_reason is null))
);
create unique index operator_active_unique on identity.operator (account_id) where revoked_at is null;
create index operator_account_idx on identity.operator (account_id);
comment on table identity.operator is 'Who is, and who was, an operator; written as bulkhead_owner alone (ACC-3).';
comment on index identity.operator_active_unique is 'An account is an operator once or not at all.';
comment on index identity.operator_account_idx is 'An account''s past and present promotions.';
comment on column identity.operator.id is 'Version 4 UUID.';
comment on column identity.operator.account_id is 'The account.';
comment on column identity.operator.reason is 'Why it was promoted: 10 to 500 characters.';
comment on column identity.operator.promoted_at is 'When.';
comment on column identity.operator.promoted_by is 'The database role that was connected.';
comment on column identity.operator.revoked_at is 'When the promotion ended; null while it holds.';
comment on column identity.operator.revoked_reason is 'Why it ended.';
select bulkhead.exempt_table('identity.operator', 'Operators belong to no tenant; no runtime role may write it.');

create function identity.promote_operator(email text, reason text) returns uuid
  language plpgsql
  set search_path = ''
as $body$
declare
  promoted identity.account;
  operator_id uuid;
begin
  select a.* into promoted from identity.account a
    where a.email_normalised = lower(promote_operator.email) and a.disabled_at is null;
  if not found then
    raise exception using errcode = '22023', constraint = 'operator_account',
      message = 'there is no account with the address ' || promote_operator.email,
      hint = 'The person signs up first; a disabled account cannot be promoted.';
  end if;
  -- Otherwise whoever registered a colleague's address first would be the one promoted.
  if promoted.email_verified_at is null then
    raise exception using errcode = '22023', constraint = 'operator_account_verified',
      message = 'the address ' || promote_operator.email || ' is not verified',
      hint = 'The person verifies the address first.';
  end if;
  insert into identity.operator (account_id, reason) values (promoted.id, promote_operator.reason)
    returning id into operator_id;
  perform bulkhead.audit_event('operator.promote', 'identity.operator', operator_id,
    json_build_object('account_id', promoted.id, 'reason', promote_operator.reason));
  return operator_id;
end
$body$;
comment on function identity.promote_operator(text, text) is
  'Makes the account with this verified address an operator. Runs with the caller''s privileges: bulkhead_owner''s.';

create function identity.revoke_operator(email text, reason text) returns void
  language plpgsql
  set search_path = ''
as $body$
declare
  revoked identity.operator;
begin
  update identity.operator o set revoked_at = now(), revoked_reason = revoke_operator.reason
    from identity.account a
    where a.email_normalised = lower(revoke_operator.email) and o.account_id = a.id and o.revoked_at is null
    returning o.* into revoked;
  if not found then
    raise exception using errcode = '22023', constraint = 'operator_account',
      message = revoke_operator.email || ' is not an operator';
  end if;
  perform bulkhead.audit_event('operator.revoke', 'identity.operator', revoked.id,
    json_build_object('account_id', revoked.account_id, 'reason', revoke_operator.reason));
end
$body$;
comment on function identity.revoke_operator(text, text) is 'Ends an operator''s promotion.';

revoke execute on function identity.promote_operator(text, text), identity.revoke_operator(text, text) from public;
grant select (account_id, revoked_at) on identity.operator to bulkhead_identity;

select bulkhead.guard_schema('identity');
