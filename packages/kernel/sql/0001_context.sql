-- The sealed context: who a statement acts for, in a token that injected SQL cannot rewrite.
-- The format is specified in CONTEXT.md.

create schema bulkhead;
comment on schema bulkhead is
  'Bulkhead''s kernel: the sealed context, protected tables and the audit entries.';

create table bulkhead.context_key (
  id text not null,
  inner_pad bytea not null,
  outer_pad bytea not null,
  blind bigint not null default hashtextextended(gen_random_uuid()::text, 0),
  created_at timestamptz not null default now(),
  not_after timestamptz not null default 'infinity',
  constraint context_key_pkey primary key (id),
  constraint context_key_id_form check (id ~ '^[0-9a-f]{8}$'),
  constraint context_key_inner_pad_block check (octet_length(inner_pad) = 64),
  constraint context_key_outer_pad_block check (octet_length(outer_pad) = 64)
);
comment on table bulkhead.context_key is
  'Keys that seal contexts. No runtime role may read it; the verifying function reads it for them.';
comment on column bulkhead.context_key.id is 'Key id as it stands in the token: 8 lower-case hex digits.';
comment on column bulkhead.context_key.inner_pad is 'HMAC''s inner block (RFC 2104): the key, zero-padded to 64 bytes, xor 0x36.';
comment on column bulkhead.context_key.outer_pad is 'HMAC''s outer block (RFC 2104): the key, zero-padded to 64 bytes, xor 0x5c.';
comment on column bulkhead.context_key.blind is 'Random seed of the hash through which MACs are compared.';
comment on column bulkhead.context_key.created_at is 'When the key was registered.';
comment on column bulkhead.context_key.not_after is 'From this moment its tokens are refused; infinity while the key is in use.';

create function bulkhead.hmac_pad(secret bytea, fill integer) returns bytea
  language plpgsql immutable strict parallel safe
  set search_path = ''
as $body$
declare
  pad bytea := decode(repeat(lpad(to_hex(fill), 2, '0'), 64), 'hex');
begin
  for i in 0 .. octet_length(secret) - 1 loop
    pad := set_byte(pad, i, get_byte(secret, i) # fill);
  end loop;
  return pad;
end
$body$;
comment on function bulkhead.hmac_pad(bytea, integer) is
  'One of HMAC''s two key blocks (RFC 2104 section 2) for a key of at most 64 bytes.';

create function bulkhead.register_context_key(key_id text, secret bytea) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  if octet_length(secret) <> 32 then
    raise exception using errcode = '22023',
      message = 'a context key has 32 bytes, this one has ' || octet_length(secret);
  end if;
  insert into bulkhead.context_key (id, inner_pad, outer_pad)
  values (key_id, bulkhead.hmac_pad(secret, 54), bulkhead.hmac_pad(secret, 92))
  on conflict on constraint context_key_pkey do nothing;
  if not exists (
    select from bulkhead.context_key k
    where k.id = key_id and k.inner_pad = bulkhead.hmac_pad(secret, 54)
  ) then
    raise exception using errcode = '23505',
      message = 'context key ' || key_id || ' is registered with another secret',
      hint = 'Give the new key a new id: every token names the id of its key.';
  end if;
end
$body$;
comment on function bulkhead.register_context_key(text, bytea) is
  'Accepts tokens sealed with this key from now on. Repeating it with the same key changes nothing.';

create function bulkhead.retire_context_key(key_id text, at timestamptz default now()) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  update bulkhead.context_key k set not_after = at where k.id = key_id;
  if not found then
    raise exception using errcode = '22023', message = 'there is no context key ' || key_id;
  end if;
end
$body$;
comment on function bulkhead.retire_context_key(text, timestamptz) is
  'Refuses the key''s tokens from the given moment on. Leave an overlap of one token life (60 s) after the last server stopped sealing with it.';

create function bulkhead.refuse_context() returns text
  language plpgsql volatile
  set search_path = ''
as $body$
begin
  raise exception using errcode = '42501',
    message = 'bulkhead: the context is not valid',
    hint = 'It is forged, expired, cut off, or sealed with a key that this database does not accept.';
end
$body$;
comment on function bulkhead.refuse_context() is
  'Raises 42501. One message for every reason, so that a forger learns nothing from it.';

-- In PL/pgSQL on purpose: its simple expressions are compiled once in a transaction, where a function in SQL
-- starts the executor at each of the two to six calls that a statement's policies make. Measured in
-- docs/design/kernel.md.
create function bulkhead.verified_context() returns text
  language plpgsql stable security definer parallel safe
  set search_path = ''
as $body$
declare
  token constant text := current_setting('bulkhead.context', true);
  key_inner_pad bytea;
  key_outer_pad bytea;
  key_blind bigint;
  seal text;
  remaining double precision;
begin
  if token is null or token = '' then
    return null;
  end if;
  select k.inner_pad, k.outer_pad, k.blind into key_inner_pad, key_outer_pad, key_blind
  from bulkhead.context_key k
  where k.id = substr(token, 5, 8) and k.not_after > now();
  seal := '.' || encode(
    sha256(key_outer_pad || sha256(key_inner_pad || convert_to(left(token, -65), 'UTF8'))), 'hex');
  -- Compared through a hash whose seed nobody knows before they are compared themselves: comparing texts stops at
  -- the first byte that differs, and the time would tell how much of a guess was right. Without a key the seal is
  -- null, and so not equal.
  if left(token, 4) = 'bh1.'
    and hashtextextended(right(token, 65), key_blind) = hashtextextended(seal, key_blind)
    and right(token, 65) = seal
  then
    remaining := split_part(token, '.', 3)::double precision - date_part('epoch', now());
    if remaining between 0 and 900 then
      return token;
    end if;
  end if;
  return bulkhead.refuse_context();
end
$body$;
comment on function bulkhead.verified_context() is
  'The session''s context token once its seal, key and expiry have been checked; null when there is none; 42501 when it is not valid. Expiry is judged at the start of the transaction.';

create function bulkhead.tenant_id() returns uuid
  language sql stable parallel safe
  return split_part(bulkhead.verified_context(), '.', 4)::uuid;
comment on function bulkhead.tenant_id() is 'The context''s tenant, verified; null without a context.';

create function bulkhead.company_id() returns uuid
  language sql stable parallel safe
  return nullif(split_part(bulkhead.verified_context(), '.', 5), '*')::uuid;
comment on function bulkhead.company_id() is
  'The context''s company, verified; null without a context and when it covers all companies.';

create function bulkhead.all_companies() returns boolean
  language sql stable parallel safe
  return split_part(bulkhead.verified_context(), '.', 5) = '*';
comment on function bulkhead.all_companies() is
  'Whether the context, verified, covers all companies of its tenant; null without a context.';

create function bulkhead.account_id() returns uuid
  language sql stable parallel safe
  return nullif(
    split_part(bulkhead.verified_context(), '.',
      case split_part(bulkhead.verified_context(), '.', 6) when 'account' then 7 else 8 end),
    '-')::uuid;
comment on function bulkhead.account_id() is
  'The account the context acts as or on behalf of, verified; null without one.';

-- What the context claims, unverified: for column defaults only, which the policies then check. A token that was
-- cut short claims nothing, so that it is the policy that refuses it, and not a cast. Without a regular expression, which
-- would take most of the time of a default that every insert evaluates.
create function bulkhead.claimed_tenant_id() returns uuid
  language sql stable parallel safe
  return case
    when split_part(current_setting('bulkhead.context', true), '.', 4) like '________-____-____-____-____________'
      and translate(split_part(current_setting('bulkhead.context', true), '.', 4), '0123456789abcdef', '') = '----'
    then split_part(current_setting('bulkhead.context', true), '.', 4)::uuid
  end;
comment on function bulkhead.claimed_tenant_id() is
  'The tenant the context claims, NOT verified: a cheap column default, never a boundary.';

create function bulkhead.claimed_company_id() returns uuid
  language sql stable parallel safe
  return case
    when split_part(current_setting('bulkhead.context', true), '.', 5) like '________-____-____-____-____________'
      and translate(split_part(current_setting('bulkhead.context', true), '.', 5), '0123456789abcdef', '') = '----'
    then split_part(current_setting('bulkhead.context', true), '.', 5)::uuid
  end;
comment on function bulkhead.claimed_company_id() is
  'The company the context claims, NOT verified: a cheap column default, never a boundary.';

create function bulkhead.claimed_account_id() returns uuid
  language sql stable parallel safe
  return substring(
    split_part(current_setting('bulkhead.context', true), '.',
      case split_part(current_setting('bulkhead.context', true), '.', 6) when 'account' then 7 else 8 end)
    from '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$')::uuid;
comment on function bulkhead.claimed_account_id() is
  'The account the context claims to act for, NOT verified: a cheap column default, never a boundary.';

-- Every function the owner ever makes, in any schema, is nobody's until it is granted (T-7).
alter default privileges revoke execute on functions from public;
revoke execute on all functions in schema bulkhead from public;

grant usage on schema bulkhead to bulkhead_app, bulkhead_identity, bulkhead_worker, bulkhead_auditor;
grant execute on function
  bulkhead.verified_context(), bulkhead.tenant_id(), bulkhead.company_id(), bulkhead.all_companies(),
  bulkhead.account_id(), bulkhead.claimed_tenant_id(), bulkhead.claimed_company_id(),
  bulkhead.claimed_account_id()
  to bulkhead_app, bulkhead_identity, bulkhead_worker, bulkhead_auditor;
