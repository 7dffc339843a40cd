-- Mail, and the links that travel by it. A message is written in the transaction of what it tells of and delivered
-- afterwards by a duty, so that a mail server that is down delays a message and fails nothing. Who asks for a link
-- leaves a request and gets one answer at once; whether an account has the address is looked up later, by a duty, so
-- that neither the answer nor its time tells (AUT-12).

create schema mail;
comment on schema mail is 'The outbox: messages on their way to the mail server.';
grant usage on schema mail to bulkhead_app, bulkhead_identity, bulkhead_worker;

create table mail.message (
  id uuid not null,
  kind text not null,
  content bytea,
  state text not null default 'queued',
  created_at timestamptz not null,
  expires_at timestamptz not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  finished_at timestamptz,
  error text,
  constraint message_pkey primary key (id),
  constraint message_kind_form check (kind ~ '^[a-z][a-z_]{0,39}$'),
  constraint message_state_known check (state in ('queued', 'held', 'delivered', 'dead')),
  -- Whoever reads the database later finds no link that was sent.
  constraint message_content_until_finished check ((content is not null) = (state in ('queued', 'held'))),
  constraint message_finished_with_state check ((finished_at is null) = (state = 'queued')),
  constraint message_life check (expires_at > created_at and expires_at <= created_at + interval '7 days'),
  constraint message_attempts_counted check (attempts between 0 and 100),
  constraint message_error_length check (length(error) <= 200)
);
create index message_due_idx on mail.message (next_attempt_at) where state = 'queued';
comment on table mail.message is
  'A message to one recipient. Everything a reader could use (address, subject, body with its link) is encrypted, and wiped once it is delivered.';
comment on index mail.message_due_idx is 'What is to be sent next.';
comment on column mail.message.id is 'Version 4 UUID; also the local part of its Message-ID, so that a second delivery can be recognised.';
comment on column mail.message.kind is 'What it is about: password_reset, invite, sign_in_locked …';
comment on column mail.message.content is
  'Recipient, subject, text and HTML as JSON, encrypted outside the database and bound to this row: SQL injected anywhere can queue nothing that would be sent.';
comment on column mail.message.state is 'queued; held (demo: shown instead of sent); delivered to the mail server; dead.';
comment on column mail.message.created_at is 'When what it tells of happened.';
comment on column mail.message.expires_at is 'When telling makes no sense any more, e.g. because its link has expired.';
comment on column mail.message.attempts is 'Deliveries begun.';
comment on column mail.message.next_attempt_at is 'Not before then; while a server is delivering it, when another one may take over.';
comment on column mail.message.finished_at is 'When it left the queue.';
comment on column mail.message.error is 'Code of the last failure, e.g. ECONNREFUSED or 451; never the mail server''s text, which repeats addresses.';

create function mail.keep_message_finished() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '23514', constraint = 'message_finished_is_final',
    message = 'message ' || old.id || ' is finished and cannot change any more',
    hint = 'Queue a new message.';
end
$body$;
comment on function mail.keep_message_finished() is 'Refuses to send a finished message again.';
create trigger keep_message_finished before update on mail.message
  for each row when (old.state in ('delivered', 'dead')) execute function mail.keep_message_finished();
comment on trigger keep_message_finished on mail.message is 'A delivered message stays delivered, a dead one dead.';

create function mail.post(
  message_id uuid, kind text, content bytea, at timestamptz, expires_at timestamptz
) returns uuid
  language sql security definer
  set search_path = ''
as $body$
  insert into mail.message (id, kind, content, created_at, expires_at, next_attempt_at)
    values (message_id, post.kind, post.content, at, post.expires_at, at)
    returning id;
$body$;
comment on function mail.post(uuid, text, bytea, timestamptz, timestamptz) is
  'Queues a message in the caller''s transaction. Its content is sealed by the server: what somebody else queues is never sent.';

create function mail.purge_messages(before timestamptz) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  purged bigint;
begin
  delete from mail.message m where m.state <> 'queued' and m.finished_at < before;
  get diagnostics purged = row_count;
  return purged;
end
$body$;
comment on function mail.purge_messages(timestamptz) is
  'Deletes messages that left the queue before then; returns how many. What waits is never deleted.';

create table identity.link_request (
  id uuid not null,
  type text not null,
  detail bytea,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  answered_at timestamptz,
  constraint link_request_pkey primary key (id),
  constraint link_request_type_known check (type in ('sign_up', 'password_reset', 'magic_link', 'email_change')),
  constraint link_request_life check (expires_at > created_at and expires_at <= created_at + interval '1 day')
);
create index link_request_open_idx on identity.link_request (created_at) where answered_at is null;
comment on table identity.link_request is
  'Somebody asked for a link. The same row whether or not an account has the address; a duty finds out and answers by mail.';
comment on index identity.link_request_open_idx is 'Requests to be answered, the oldest first.';
comment on column identity.link_request.id is 'Version 4 UUID.';
comment on column identity.link_request.type is 'What was asked for.';
comment on column identity.link_request.detail is
  'What was typed, as JSON encrypted outside the database. Null once it is answered; a sign-up''s stays until it is confirmed.';
comment on column identity.link_request.created_at is 'When it was asked for.';
comment on column identity.link_request.expires_at is 'From then on it is not answered any more.';
comment on column identity.link_request.answered_at is 'When the duty dealt with it.';
select bulkhead.exempt_table('mail.message', 'Addressed to people, not to tenants; bulkhead_app has no privilege on it.');
select bulkhead.exempt_table('identity.link_request', 'Asked before anybody is known.');

create function identity.purge_links(before timestamptz) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  requests bigint;
  tokens bigint;
begin
  delete from identity.link_request r where r.expires_at < before;
  get diagnostics requests = row_count;
  -- Whatever was consumed is refused by its row, whatever expired by its time: with both, the row has no task left.
  delete from identity.one_time_token t where t.expires_at < before;
  get diagnostics tokens = row_count;
  return requests + tokens;
end
$body$;
comment on function identity.purge_links(timestamptz) is
  'Deletes requests and links that expired before then; returns how many. A link that has not expired stays, used or not.';

create function identity.view_invite(token_hash bytea, at timestamptz) returns table (
  tenant_name text, email text, role text, has_account boolean
)
  language plpgsql stable security definer
  set search_path = ''
as $body$
begin
  return query
    select t.name, i.email_normalised, i.role,
      exists (select from identity.account a where a.email_normalised = i.email_normalised)
    from identity.one_time_token o
    join identity.invite i on i.tenant_id = o.tenant_id and i.id = o.target_id
    join tenants.tenant t on t.tenant_id = i.tenant_id
    where o.type = 'invite' and o.token_hash = view_invite.token_hash and o.tenant_id = (select bulkhead.tenant_id())
      and o.consumed_at is null and o.expires_at > at
      and i.accepted_at is null and i.deleted_at is null;
end
$body$;
comment on function identity.view_invite(bytea, timestamptz) is
  'What an invite''s link leads to, for whoever holds it: it went to the invited address alone, so that it may tell whether that address has an account. Consumes nothing.';

revoke execute on all functions in schema mail from public;
revoke execute on function identity.purge_links(timestamptz), identity.view_invite(bytea, timestamptz) from public;
grant execute on function mail.purge_messages(timestamptz), identity.purge_links(timestamptz) to bulkhead_worker;
grant execute on function mail.post(uuid, text, bytea, timestamptz, timestamptz) to bulkhead_app, bulkhead_identity;
grant execute on function identity.view_invite(bytea, timestamptz) to bulkhead_identity;
grant usage on schema identity to bulkhead_worker;
grant select on mail.message to bulkhead_worker;
grant update (content, state, attempts, next_attempt_at, finished_at, error) on mail.message to bulkhead_worker;
grant select on identity.link_request to bulkhead_identity;
grant insert (id, type, detail, created_at, expires_at) on identity.link_request to bulkhead_identity;
grant update (detail, answered_at) on identity.link_request to bulkhead_identity;

select bulkhead.guard_schema('mail');
