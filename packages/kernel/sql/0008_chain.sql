-- Sealing: every committed entry gets its place in its tenant's chain, without the writers knowing of it.
-- How and why: docs/design/audit-sealing.md. The bytes that are hashed: docs/audit-format.md.

do $encoding$
begin
  if pg_catalog.getdatabaseencoding() <> 'UTF8' then
    raise exception using errcode = '22023', message = 'bulkhead: audit entries are hashed as UTF-8',
      hint = 'Create the database with encoding UTF8.';
  end if;
end
$encoding$;

-- The bytes ---------------------------------------------------------------------------------------------------------

create function bulkhead.audit_field(value text) returns text
  language sql immutable parallel safe
  return coalesce(octet_length(value)::text || ':' || value, '-') || E'\n';
comment on function bulkhead.audit_field(text) is
  'One field of an entry''s bytes: its length in bytes, a colon, the value, a line feed; a hyphen where it is null.';

create function bulkhead.audit_entry_bytes(entry bulkhead.audit_entry) returns bytea
  language sql stable parallel safe
  return convert_to(
    E'bulkhead-entry/1\n'
    || bulkhead.audit_field((entry).id::text)
    || bulkhead.audit_field(trunc(extract(epoch from (entry).occurred_at) * 1000000)::text)
    || bulkhead.audit_field((entry).transaction_id::text)
    || bulkhead.audit_field((entry).tenant_id::text)
    || bulkhead.audit_field((entry).company_id::text)
    || bulkhead.audit_field((entry).actor_kind)
    || bulkhead.audit_field((entry).actor_id::text)
    || bulkhead.audit_field((entry).on_behalf_of::text)
    || bulkhead.audit_field((entry).action)
    || bulkhead.audit_field((entry).target_type)
    || bulkhead.audit_field((entry).target_id::text)
    || bulkhead.audit_field((entry).request_id)
    || bulkhead.audit_field((entry).ip::text)
    || bulkhead.audit_field((entry).user_agent)
    || bulkhead.audit_field((entry).before::text)
    || bulkhead.audit_field((entry).after::text)
    || bulkhead.audit_field((entry).detail::text), 'UTF8');
comment on function bulkhead.audit_entry_bytes(bulkhead.audit_entry) is
  'The exact bytes of an entry that are hashed and exported: seventeen length-prefixed fields, json as it was stored. Depends on no setting.';

create function bulkhead.link_audit_entry(leaf bytea, head bytea, entry bytea) returns bytea
  language plpgsql immutable parallel safe
  set search_path = ''
as $body$
begin
  return sha256('\x00'::bytea || coalesce(leaf, head) || entry);
end
$body$;
comment on function bulkhead.link_audit_entry(bytea, bytea, bytea) is
  'Leaf of an entry (RFC 6962 section 2.1): SHA-256 over 0x00, the leaf before it, its bytes. leaf is the state, head where it begins.';

create aggregate bulkhead.audit_leaf(head bytea, entry bytea) (
  sfunc = bulkhead.link_audit_entry,
  stype = bytea
);
comment on aggregate bulkhead.audit_leaf(bytea, bytea) is 'Leaves of consecutive entries after the leaf head, as a window aggregate.';

-- What is kept ------------------------------------------------------------------------------------------------------

create table bulkhead.audit_sealer (
  single boolean not null default true,
  round bigint not null default 0,
  sealed_through pg_snapshot not null default '3:3:',
  mark_transactions xid8[] not null default '{}',
  mark_ids bigint[] not null default '{}',
  cluster bigint not null default (pg_control_system()).system_identifier,
  constraint audit_sealer_pkey primary key (single),
  constraint audit_sealer_single check (single),
  constraint audit_sealer_marks_paired check (cardinality(mark_transactions) = cardinality(mark_ids))
);
comment on table bulkhead.audit_sealer is 'How far sealing has come: one row. Its lock makes rounds take turns.';
comment on column bulkhead.audit_sealer.single is 'Always true: there is one row.';
comment on column bulkhead.audit_sealer.round is 'Counts rounds that sealed something; tells a round that another was faster.';
comment on column bulkhead.audit_sealer.sealed_through is
  'Every entry of a transaction that this snapshot sees as ended is sealed, or stands in the backlog.';
comment on column bulkhead.audit_sealer.mark_transactions is
  'With mark_ids: entries of a transaction numbered from mark n on have ids above mark_ids n. Bounds the search, decides nothing.';
comment on column bulkhead.audit_sealer.mark_ids is 'See mark_transactions.';
comment on column bulkhead.audit_sealer.cluster is
  'The cluster whose transaction numbers these are. A restored dump lies in another, whose numbers mean other transactions.';
insert into bulkhead.audit_sealer default values;

create table bulkhead.audit_chain (
  tenant_id uuid not null,
  size bigint not null default 0,
  head bytea not null default decode(repeat('00', 32), 'hex'),
  constraint audit_chain_pkey primary key (tenant_id)
) with (fillfactor = 50);
comment on table bulkhead.audit_chain is 'Where each chain ends: what the next entry is linked to. Told again by its last link.';
comment on column bulkhead.audit_chain.tenant_id is 'The tenant, or the nil UUID for the service''s own chain.';
comment on column bulkhead.audit_chain.size is 'Entries sealed in it.';
comment on column bulkhead.audit_chain.head is 'Leaf of its last entry; 32 zero bytes before the first.';

create table bulkhead.audit_link (
  tenant_id uuid not null,
  seq bigint not null,
  entry_id bigint not null,
  occurred_at timestamptz not null,
  leaf bytea not null,
  constraint audit_link_pkey primary key (tenant_id, seq),
  constraint audit_link_once unique (tenant_id, entry_id)
);
comment on table bulkhead.audit_link is 'An entry''s place in its chain. Append-only; kept when retention removes the entry.';
comment on column bulkhead.audit_link.tenant_id is 'The tenant, or the nil UUID for the service''s own chain.';
comment on column bulkhead.audit_link.seq is 'Position in the chain, from 0, without gaps.';
comment on column bulkhead.audit_link.entry_id is 'The entry: its id.';
comment on column bulkhead.audit_link.occurred_at is 'The entry: its time, which tells its partition.';
comment on column bulkhead.audit_link.leaf is 'SHA-256 over 0x00, the leaf before it (32 zero bytes for the first) and the entry''s bytes.';
comment on constraint audit_link_once on bulkhead.audit_link is 'No entry is sealed twice, whatever the sealer believes.';

create table bulkhead.audit_backlog (
  tenant_id uuid not null,
  round bigint not null,
  after_snapshot pg_snapshot not null,
  through_snapshot pg_snapshot not null,
  above bigint not null,
  position bigint not null default 0,
  served bigint not null default 0,
  constraint audit_backlog_pkey primary key (tenant_id, round)
);
comment on table bulkhead.audit_backlog is 'Entries of tenants that wrote more than one round takes: sealed in slices, beside the others.';
comment on column bulkhead.audit_backlog.tenant_id is 'Whose.';
comment on column bulkhead.audit_backlog.round is 'The round that put them off; older ones come first.';
comment on column bulkhead.audit_backlog.after_snapshot is 'What this snapshot sees is in earlier batches.';
comment on column bulkhead.audit_backlog.through_snapshot is 'What this snapshot does not see is in later ones.';
comment on column bulkhead.audit_backlog.above is
  'Ids up to this one are not in the batch, whatever their transactions'' numbers: a restored dump has those of another cluster.';
comment on column bulkhead.audit_backlog.position is 'Id of the last entry of the batch that is sealed.';
comment on column bulkhead.audit_backlog.served is 'Slices sealed: who got fewest is next.';

create table bulkhead.audit_tile (
  tenant_id uuid not null,
  level smallint not null,
  index bigint not null,
  hash bytea not null,
  constraint audit_tile_pkey primary key (tenant_id, level, index)
);
comment on table bulkhead.audit_tile is
  'Hashes of complete subtrees of 256, 65,536, … leaves of each chain''s Merkle tree (RFC 6962): a cache that spares reading all leaves.';
comment on column bulkhead.audit_tile.tenant_id is 'The tenant, or the nil UUID.';
comment on column bulkhead.audit_tile.level is 'The subtree has 256 to the power of level leaves.';
comment on column bulkhead.audit_tile.index is 'Its number from the left, from 0.';
comment on column bulkhead.audit_tile.hash is 'Its root.';

create table bulkhead.audit_checkpoint (
  tenant_id uuid not null,
  size bigint not null,
  root bytea not null,
  note text not null,
  created_at timestamptz not null default now(),
  constraint audit_checkpoint_pkey primary key (tenant_id, size)
);
comment on table bulkhead.audit_checkpoint is
  'Signed statements of a chain''s size and root (C2SP tlog-checkpoint). Signed outside the database, which holds no key.';
comment on column bulkhead.audit_checkpoint.tenant_id is 'The tenant, or the nil UUID.';
comment on column bulkhead.audit_checkpoint.size is 'Entries it covers.';
comment on column bulkhead.audit_checkpoint.root is 'Root of the Merkle tree over their leaves.';
comment on column bulkhead.audit_checkpoint.note is 'The signed note, with the cosignatures that witnesses gave at once.';
comment on column bulkhead.audit_checkpoint.created_at is 'When it was recorded here.';

create table bulkhead.audit_cut (
  tenant_id uuid not null,
  seq bigint not null,
  size bigint not null,
  reason text not null,
  created_at timestamptz not null default now(),
  constraint audit_cut_pkey primary key (tenant_id, seq),
  constraint audit_cut_checkpoint_fkey foreign key (tenant_id, size) references bulkhead.audit_checkpoint (tenant_id, size),
  constraint audit_cut_covered check (seq > 0 and seq <= size),
  constraint audit_cut_reason_length check (char_length(reason) between 10 and 500)
);
comment on table bulkhead.audit_cut is 'Prefixes of chains that retention gave up. Each is told by an entry of its chain too.';
comment on column bulkhead.audit_cut.tenant_id is 'The tenant, or the nil UUID.';
comment on column bulkhead.audit_cut.seq is 'Entries before this position may be removed; their links stay.';
comment on column bulkhead.audit_cut.size is 'The checkpoint that covers them.';
comment on column bulkhead.audit_cut.reason is 'Why.';
comment on column bulkhead.audit_cut.created_at is 'When it was decided.';

-- Append-only -------------------------------------------------------------------------------------------------------

do $append_only$
declare
  target text;
begin
  foreach target in array array['audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut'] loop
    execute format('create trigger %I before update or delete on bulkhead.%I
      for each row execute function bulkhead.refuse_audit_change()', target || '_append_only', target);
    execute format('create trigger %I before truncate on bulkhead.%I
      for each statement execute function bulkhead.refuse_audit_change()', target || '_no_truncate', target);
  end loop;
end
$append_only$;

create function bulkhead.refuse_entry_change() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  if tg_op = 'DELETE' and exists (
    select from bulkhead.audit_cut c
    join bulkhead.audit_link l on l.tenant_id = c.tenant_id and l.entry_id = old.id and l.seq < c.seq
    where c.tenant_id = coalesce(old.tenant_id, '00000000-0000-0000-0000-000000000000')
  ) then
    return old;
  end if;
  raise exception using errcode = '42501',
    message = 'bulkhead: audit entries are append-only',
    hint = 'No role may update, delete or truncate them; retention removes only what lies before a recorded cut.';
end
$body$;
comment on function bulkhead.refuse_entry_change() is
  'Trigger: refuses a change of audit entries to every role, owner and superuser included, but the removal of what lies before a cut.';

drop trigger audit_entry_append_only on bulkhead.audit_entry;
create trigger audit_entry_append_only
  before update or delete on bulkhead.audit_entry
  for each row execute function bulkhead.refuse_entry_change();
comment on trigger audit_entry_append_only on bulkhead.audit_entry is 'Row-level, because only row-level triggers are cloned to partitions.';

-- Who may read ------------------------------------------------------------------------------------------------------

-- Only under a session of the worker: the owner's own sessions, and functions of the owner that the application calls,
-- see no entries by this.
create policy audit_entry_seal on bulkhead.audit_entry
  for select to bulkhead_owner
  using ((select session_user = 'bulkhead_worker'));
comment on policy audit_entry_seal on bulkhead.audit_entry is 'The owner''s functions that seal and cut read all entries, when the worker calls them.';
create policy audit_entry_cut on bulkhead.audit_entry
  for delete to bulkhead_owner
  using ((select session_user = 'bulkhead_worker'));
comment on policy audit_entry_cut on bulkhead.audit_entry is 'Retention, when the worker calls it; the trigger lets only what lies before a cut go.';

do $readers$
declare
  target text;
begin
  foreach target in array array['audit_chain', 'audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut'] loop
    execute format('alter table bulkhead.%I enable row level security, force row level security', target);
    execute format('create policy %I on bulkhead.%I to bulkhead_owner using (true) with check (true)', target || '_keep', target);
    execute format('comment on policy %I on bulkhead.%I is %L', target || '_keep', target, 'The owner''s functions keep them; triggers refuse a change of what is there.');
    execute format('create policy %I on bulkhead.%I for select to bulkhead_app
      using (tenant_id = (select bulkhead.tenant_id()) and (select bulkhead.all_companies()))', target || '_read_own', target);
    execute format('comment on policy %I on bulkhead.%I is %L', target || '_read_own', target, 'The application reads its context''s tenant; a chain runs through all companies.');
    execute format('create policy %I on bulkhead.%I for select to bulkhead_auditor, bulkhead_worker
      using (true)', target || '_read_all', target);
    execute format('comment on policy %I on bulkhead.%I is %L', target || '_read_all', target, 'Hashes of every tenant_id; no content.');
    execute format('grant select on bulkhead.%I to bulkhead_app, bulkhead_auditor, bulkhead_worker', target);
  end loop;
end
$readers$;
