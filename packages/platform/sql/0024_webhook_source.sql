-- Webhooks that others send. A source is tenant data, written by the functions below alone; its secrets stand apart,
-- encrypted, where they can be looked up before a tenant is known. What arrives is verified by the server, stored here
-- encrypted, and only then answered; a duty hands it to the modules, in the tenant's context. So SQL injected anywhere
-- reads no payload, and can store none that would be processed.

create table webhooks.source (
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  name text not null,
  scheme text not null,
  settings jsonb not null default '{}',
  enabled boolean not null default true,
  constraint source_pkey primary key (tenant_id, id),
  constraint source_tenant_fkey foreign key (tenant_id) references tenants.tenant (tenant_id),
  constraint source_name_length check (length(btrim(name)) between 1 and 100),
  constraint source_scheme_known check (scheme in ('stripe', 'standard', 'svix', 'generic')),
  constraint source_settings_form check (
    jsonb_typeof(settings) = 'object' and length(settings::text) <= 2000 and (scheme = 'generic') = (settings <> '{}')
  )
);
comment on table webhooks.source is 'A party that sends webhooks to a tenant, and how it signs them.';
comment on column webhooks.source.id is 'Version 4 UUID; stands in the address, and is the actor of what its events do.';
comment on column webhooks.source.tenant_id is 'The tenant its events are processed in.';
comment on column webhooks.source.created_at is 'When it was made.';
comment on column webhooks.source.updated_at is 'Last change; kept by trigger.';
comment on column webhooks.source.deleted_at is 'When it was removed.';
comment on column webhooks.source.name is 'Who sends, in the tenant''s words.';
comment on column webhooks.source.scheme is 'How it signs: stripe, standard (Standard Webhooks), svix, generic (HMAC as settings say).';
comment on column webhooks.source.settings is
  'For generic: {signatureHeader, encoding, prefix, timestampHeader, signed, idField, typeField}; else empty.';
comment on column webhooks.source.enabled is 'Whether it is listened to; while not, its events are refused as if it were unknown.';
select bulkhead.protect_table('webhooks.source', 'tenant', '{"write": "none"}');

create table webhooks.source_directory (
  source_id uuid not null,
  tenant_id uuid not null,
  constraint source_directory_pkey primary key (source_id),
  constraint source_directory_tenant_unique unique (tenant_id, source_id),
  constraint source_directory_source_fkey foreign key (tenant_id, source_id) references webhooks.source (tenant_id, id)
);
comment on table webhooks.source_directory is
  'Whose source an address names. An id is one tenant''s, for good: SQL injected into another one takes it for no source of its own.';
comment on column webhooks.source_directory.source_id is 'The source.';
comment on column webhooks.source_directory.tenant_id is 'Its tenant, needed before a context for it can be sealed.';
select bulkhead.exempt_table('webhooks.source_directory', 'Read before a tenant is known.');

create table webhooks.source_secret (
  id uuid not null,
  source_id uuid not null,
  tenant_id uuid not null,
  secret_encrypted bytea not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  constraint source_secret_pkey primary key (id),
  constraint source_secret_source_fkey foreign key (tenant_id, source_id) references webhooks.source_directory (tenant_id, source_id),
  constraint source_secret_length check (octet_length(secret_encrypted) between 34 and 1100)
);
create index source_secret_source_idx on webhooks.source_secret (tenant_id, source_id);
comment on table webhooks.source_secret is 'What a source''s signatures are verified with: several during a rotation.';
comment on index webhooks.source_secret_source_idx is 'The secrets of a source of a tenant.';
comment on column webhooks.source_secret.id is 'Version 4 UUID.';
comment on column webhooks.source_secret.source_id is 'The source.';
comment on column webhooks.source_secret.tenant_id is 'Its tenant.';
comment on column webhooks.source_secret.secret_encrypted is
  'Encrypted outside the database, bound to (webhooks.source_secret, tenant, source, id).';
comment on column webhooks.source_secret.created_at is 'When it was added.';
comment on column webhooks.source_secret.expires_at is 'From then on it verifies nothing; null: until it is replaced.';
select bulkhead.exempt_table('webhooks.source_secret', 'Credential; read before a tenant is known.');

create table webhooks.received_event (
  id uuid not null,
  tenant_id uuid,
  source_id uuid not null,
  event_id text not null,
  event_type text not null,
  content bytea,
  received_at timestamptz not null,
  state text not null default 'waiting',
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  claim uuid,
  finished_at timestamptz,
  error text,
  forget_at timestamptz,
  constraint received_event_pkey primary key (id),
  constraint received_event_once unique nulls not distinct (tenant_id, source_id, event_id),
  constraint received_event_id_length check (length(event_id) between 1 and 255),
  constraint received_event_type_length check (length(event_type) between 1 and 200),
  constraint received_event_state_known check (state in ('waiting', 'processed', 'ignored', 'failed')),
  constraint received_event_content_while_waiting check (state <> 'waiting' or content is not null),
  constraint received_event_finished_with_state check ((finished_at is null) = (state = 'waiting')),
  constraint received_event_attempts_counted check (attempts between 0 and 1000),
  constraint received_event_error_length check (length(error) <= 200)
);
create index received_event_due_idx on webhooks.received_event (tenant_id, next_attempt_at) where state = 'waiting';
create index received_event_claimed_idx on webhooks.received_event (tenant_id) where claim is not null;
create index received_event_list_idx on webhooks.received_event (tenant_id, received_at desc);
create index received_event_content_idx on webhooks.received_event (received_at) where content is not null;
create index received_event_forget_idx on webhooks.received_event (forget_at) where forget_at is not null;
comment on table webhooks.received_event is
  'A verified event: stored before it is answered, processed once. Without its content it remains as the memory that it came.';
comment on index webhooks.received_event_due_idx is 'What is to be processed next, tenant by tenant.';
comment on index webhooks.received_event_claimed_idx is 'What servers are at.';
comment on index webhooks.received_event_list_idx is 'A tenant''s events, the newest first.';
comment on index webhooks.received_event_content_idx is 'Contents, to be wiped when they are old.';
comment on index webhooks.received_event_forget_idx is 'What may be forgotten.';
comment on column webhooks.received_event.id is 'Version 4 UUID.';
comment on column webhooks.received_event.tenant_id is 'The tenant it is processed in; null for the service''s own (billing).';
comment on column webhooks.received_event.source_id is 'The source; the nil UUID for billing.';
comment on column webhooks.received_event.event_id is 'The sender''s id of it, unique for tenant and source; a digest of the body where the sender gives none.';
comment on column webhooks.received_event.event_type is 'What it tells of, in the sender''s words.';
comment on column webhooks.received_event.content is
  'The body as it came, encrypted outside the database and bound to (webhooks.received_event, tenant, source, id, event id, type); null once wiped.';
comment on column webhooks.received_event.received_at is 'When it came.';
comment on column webhooks.received_event.state is
  'waiting; processed: its effects were committed with this word; ignored: nothing listens for it; failed: given up, may be replayed.';
comment on column webhooks.received_event.attempts is 'Times processing was begun.';
comment on column webhooks.received_event.next_attempt_at is 'Not before then; while a server is at it, when another one may take over.';
comment on column webhooks.received_event.claim is 'Random; known to the server that is at it, and needed to finish it.';
comment on column webhooks.received_event.finished_at is 'When it stopped waiting.';
comment on column webhooks.received_event.error is 'Code of the last failure; never a payload''s text.';
comment on column webhooks.received_event.forget_at is
  'When the row goes; null: never, for a signature without a time would verify for ever.';
select bulkhead.exempt_table('webhooks.received_event', 'Written before a context is sealed, encrypted; bulkhead_app reaches its tenant''s through functions.');

create function webhooks.keep_processed() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  if new.state = old.state and new.content is null and new.tenant_id is not distinct from old.tenant_id
    and (new.id, new.source_id, new.event_id) = (old.id, old.source_id, old.event_id) then
    return new;
  end if;
  raise exception using errcode = '23514', constraint = 'received_event_processed_once',
    message = 'event ' || old.id || ' was processed, and is not processed again';
end
$body$;
comment on function webhooks.keep_processed() is 'Refuses any change of a processed event but the wiping of its content.';
create trigger keep_processed before update on webhooks.received_event
  for each row when (old.state = 'processed') execute function webhooks.keep_processed();
comment on trigger keep_processed on webhooks.received_event is 'What was processed stays so.';
