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

-- A round -----------------------------------------------------------------------------------------------------------

create function bulkhead.audit_floor(state bulkhead.audit_sealer, writer xid8) returns bigint
  language sql immutable parallel safe
  return (
    select coalesce(max(m.id), 0)
    from unnest((state).mark_transactions, (state).mark_ids) m (writer, id)
    where m.writer <= audit_floor.writer);
comment on function bulkhead.audit_floor(bulkhead.audit_sealer, xid8) is
  'An id below which the transaction has no entries.';

create function bulkhead.keep_audit_marks(inout state bulkhead.audit_sealer, oldest xid8)
  language sql immutable parallel safe
begin atomic
  -- Dropping a mark only lowers a floor, which costs a longer search. The one below the oldest running writer bounds it.
  select (state).single, (state).round, (state).sealed_through,
    coalesce(array_agg(k.writer order by k.writer), '{}'), coalesce(array_agg(k.id order by k.writer), '{}'), (state).cluster
  from (
    select m.writer, m.id, row_number() over (order by m.writer) as place, count(*) over () as marks
    from unnest((state).mark_transactions, (state).mark_ids) m (writer, id)
    where m.writer >= coalesce(
      (select max(x) from unnest((state).mark_transactions) x where x <= oldest), '0')
  ) k
  where k.marks <= 64 or k.place = 1 or k.place > 32 or k.place % 2 = 0;
end;
comment on function bulkhead.keep_audit_marks(bulkhead.audit_sealer, xid8) is
  'The state with the marks that a search can still need: at most about 64, the older ones thinned out.';

create function bulkhead.defer_audit(later uuid[], state bulkhead.audit_sealer, through pg_snapshot, lowest bigint) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  -- A batch that nobody has begun is widened: two batches that follow each other are one.
  with newest as (
    select b.tenant_id, b.round from bulkhead.audit_backlog b
    where b.tenant_id = any (later) and b.position = 0
      and not exists (select from bulkhead.audit_backlog n where n.tenant_id = b.tenant_id and n.round > b.round)
    for update skip locked
  ), widened as (
    update bulkhead.audit_backlog b set through_snapshot = through, above = least(b.above, lowest)
    from newest n where b.tenant_id = n.tenant_id and b.round = n.round
    returning b.tenant_id
  )
  insert into bulkhead.audit_backlog (tenant_id, round, after_snapshot, through_snapshot, above)
  select l.tenant_id, (state).round + 1, (state).sealed_through, through, lowest
  from unnest(later) l (tenant_id)
  where l.tenant_id not in (select w.tenant_id from widened w);
end
$body$;
comment on function bulkhead.defer_audit(uuid[], bulkhead.audit_sealer, pg_snapshot, bigint) is
  'Puts the chains'' entries between the state''s snapshot and this one into the backlog.';

create function bulkhead.seal_audit(
  per_chain integer default 5000, per_round integer default 50000,
  out outcome text, out sealed bigint, out deferred integer
)
  language plpgsql security definer
  set search_path = ''
  -- A search by id has BRIN and nothing else; no plan may read whole partitions, or an index by tenant from end to end.
  set enable_seqscan = off set enable_indexscan = off set enable_indexonlyscan = off
  set plan_cache_mode = force_custom_plan
as $body$
declare
  state bulkhead.audit_sealer;
  seen pg_snapshot;
  last_id bigint;
  first_new xid8;
  ended xid8[];
  lowest bigint;
  chains uuid[];
  counts bigint[];
  fit uuid[];
  later uuid[];
begin
  sealed := 0;
  deferred := 0;
  if current_setting('transaction_isolation') <> 'read committed' or pg_current_xact_id_if_assigned() is not null then
    raise exception using errcode = '25001', message = 'bulkhead: sealing needs a read committed transaction of its own';
  end if;
  -- The order of these statements is what the proof in docs/design/audit-sealing.md rests on.
  select case when q.is_called then q.last_value else q.last_value - 1 end into last_id from bulkhead.audit_entry_id_seq q;
  select s.* into state from bulkhead.audit_sealer s;
  seen := pg_current_snapshot();
  if state.cluster <> (select c.system_identifier from pg_control_system() c)
    or pg_snapshot_xmax(seen) < pg_snapshot_xmax(state.sealed_through) then
    outcome := 'moved';
    return;
  end if;

  first_new := pg_snapshot_xmax(state.sealed_through);
  ended := array(select x from pg_snapshot_xip(state.sealed_through) x where pg_visible_in_snapshot(x, seen));
  select least(bulkhead.audit_floor(state, first_new), min(bulkhead.audit_floor(state, x))) into lowest from unnest(ended) x;
  select array_agg(f.tenant_id), array_agg(f.entries) into chains, counts
  from (
    select coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') as tenant_id, count(*) as entries
    from bulkhead.audit_entry e
    where e.id > lowest and (e.transaction_id >= first_new or e.transaction_id = any (ended))
      and pg_visible_in_snapshot(e.transaction_id, seen)
    group by 1
  ) f;
  if chains is null and last_id - lowest < 5000 then
    outcome := 'idle';
    return;
  end if;

  perform from bulkhead.audit_sealer s where s.round = state.round for update skip locked;
  if not found then
    outcome := 'busy';
    return;
  end if;
  select array_agg(f.tenant_id) filter (where f.fits), array_agg(f.tenant_id) filter (where not f.fits) into fit, later
  from (
    select n.tenant_id, n.entries <= per_chain and sum(n.entries) over (order by n.entries, n.tenant_id) <= per_round
      and not exists (select from bulkhead.audit_backlog b where b.tenant_id = n.tenant_id) as fits
    from unnest(chains, counts) n (tenant_id, entries)
  ) f;
  if later is not null then
    perform bulkhead.defer_audit(later, state, seen, lowest);
    deferred := cardinality(later);
  end if;

  insert into bulkhead.audit_chain (tenant_id) select unnest(fit || later) on conflict do nothing;
  with linked as (
    insert into bulkhead.audit_link (tenant_id, seq, entry_id, occurred_at, leaf)
    select c.tenant_id, c.size + row_number() over entries - 1, b.id, b.occurred_at, bulkhead.audit_leaf(c.head, b.bytes) over entries
    from (
      select coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') as tenant_id, e.id, e.occurred_at,
        bulkhead.audit_entry_bytes(e) as bytes
      from bulkhead.audit_entry e
      where e.id > lowest and (e.transaction_id >= first_new or e.transaction_id = any (ended))
        and pg_visible_in_snapshot(e.transaction_id, seen)
        and coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') = any (fit)
    ) b
    join bulkhead.audit_chain c on c.tenant_id = b.tenant_id
    window entries as (partition by c.tenant_id order by b.id rows unbounded preceding)
    returning tenant_id, seq, leaf
  ), ends as (
    select distinct on (l.tenant_id) l.tenant_id, l.seq, l.leaf from linked l order by l.tenant_id, l.seq desc
  ), moved as (
    update bulkhead.audit_chain c set size = e.seq + 1, head = e.leaf from ends e where c.tenant_id = e.tenant_id
  )
  select count(*) into sealed from linked;

  state.mark_transactions := state.mark_transactions || pg_current_xact_id();
  state.mark_ids := state.mark_ids || last_id;
  state := bulkhead.keep_audit_marks(state, pg_snapshot_xmin(seen));
  update bulkhead.audit_sealer s
  set round = state.round + 1, sealed_through = seen, mark_transactions = state.mark_transactions, mark_ids = state.mark_ids;
  outcome := 'sealed';
end
$body$;
comment on function bulkhead.seal_audit(integer, integer) is
  'One round: links every entry that was committed since the last, in order of writing, chain by chain. A tenant with more than per_chain, '
  'or beyond per_round together, goes to the backlog. outcome: sealed, idle, busy (another worker is at it), moved (see rebase_audit_sealing).';

create function bulkhead.seal_audit_backlog(slice integer default 5000) returns bigint
  language plpgsql security definer
  set search_path = ''
  set enable_seqscan = off set plan_cache_mode = force_custom_plan
as $body$
declare
  batch bulkhead.audit_backlog;
  taken bigint;
  reached bigint;
begin
  select b.* into batch
  from bulkhead.audit_backlog b
  where not exists (select from bulkhead.audit_backlog o where o.tenant_id = b.tenant_id and o.round < b.round)
  order by b.served, b.round, b.tenant_id
  limit 1
  for update skip locked;
  if not found then
    return null;
  end if;
  with linked as (
    insert into bulkhead.audit_link (tenant_id, seq, entry_id, occurred_at, leaf)
    select c.tenant_id, c.size + row_number() over entries - 1, b.id, b.occurred_at, bulkhead.audit_leaf(c.head, b.bytes) over entries
    from (
      select s.id, s.occurred_at, s.bytes
      from (
        select e.id, e.occurred_at, bulkhead.audit_entry_bytes(e) as bytes
        from bulkhead.audit_entry e
        where e.tenant_id = batch.tenant_id and e.id > greatest(batch.position, batch.above)
          and pg_visible_in_snapshot(e.transaction_id, batch.through_snapshot)
          and not pg_visible_in_snapshot(e.transaction_id, batch.after_snapshot)
        union all
        select e.id, e.occurred_at, bulkhead.audit_entry_bytes(e)
        from bulkhead.audit_entry e
        where batch.tenant_id = '00000000-0000-0000-0000-000000000000' and e.tenant_id is null and e.id > greatest(batch.position, batch.above)
          and pg_visible_in_snapshot(e.transaction_id, batch.through_snapshot)
          and not pg_visible_in_snapshot(e.transaction_id, batch.after_snapshot)
      ) s
      order by s.id
      limit slice
    ) b
    cross join (select a.* from bulkhead.audit_chain a where a.tenant_id = batch.tenant_id) c
    window entries as (order by b.id rows unbounded preceding)
    returning seq, entry_id, leaf
  ), ends as (
    select l.seq, l.leaf from linked l order by l.seq desc limit 1
  ), moved as (
    update bulkhead.audit_chain c set size = e.seq + 1, head = e.leaf from ends e where c.tenant_id = batch.tenant_id
  )
  select count(*), max(l.entry_id) into taken, reached from linked l;
  if taken < slice then
    delete from bulkhead.audit_backlog b where b.tenant_id = batch.tenant_id and b.round = batch.round;
  else
    update bulkhead.audit_backlog b set position = reached, served = b.served + 1
    where b.tenant_id = batch.tenant_id and b.round = batch.round;
  end if;
  return taken;
end
$body$;
comment on function bulkhead.seal_audit_backlog(integer) is
  'Seals one slice of the backlog: of the tenant that was served least and that no other worker is at. Returns entries sealed; null when there is none.';

create function bulkhead.rebase_audit_sealing() returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  last_id bigint;
  taken bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception using errcode = '25001', message = 'bulkhead: sealing needs a read committed transaction';
  end if;
  perform from bulkhead.audit_sealer for update;
  perform from bulkhead.audit_sealer s where s.cluster = (select c.system_identifier from pg_control_system() c)
    and pg_snapshot_xmax(s.sealed_through) <= pg_snapshot_xmax(pg_current_snapshot());
  if found then
    return 0;
  end if;
  -- Waits for running writers and holds new ones back: afterwards nothing is half written, whatever its number.
  lock table bulkhead.audit_entry in share row exclusive mode;
  select case when q.is_called then q.last_value else q.last_value - 1 end into last_id from bulkhead.audit_entry_id_seq q;
  delete from bulkhead.audit_backlog;
  insert into bulkhead.audit_chain (tenant_id)
  select distinct coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000') from bulkhead.audit_entry e
  on conflict do nothing;
  with linked as (
    insert into bulkhead.audit_link (tenant_id, seq, entry_id, occurred_at, leaf)
    select c.tenant_id, c.size + row_number() over entries - 1, e.id, e.occurred_at,
      bulkhead.audit_leaf(c.head, bulkhead.audit_entry_bytes(e)) over entries
    from bulkhead.audit_entry e
    join bulkhead.audit_chain c on c.tenant_id = coalesce(e.tenant_id, '00000000-0000-0000-0000-000000000000')
    where not exists (select from bulkhead.audit_link l where l.tenant_id = c.tenant_id and l.entry_id = e.id)
    window entries as (partition by c.tenant_id order by e.id rows unbounded preceding)
    returning tenant_id, seq, leaf
  ), ends as (
    select distinct on (l.tenant_id) l.tenant_id, l.seq, l.leaf from linked l order by l.tenant_id, l.seq desc
  ), moved as (
    update bulkhead.audit_chain c set size = e.seq + 1, head = e.leaf from ends e where c.tenant_id = e.tenant_id
  )
  select count(*) into taken from linked;
  update bulkhead.audit_sealer s
  set round = s.round + 1, sealed_through = pg_current_snapshot(), mark_transactions = array['0'::xid8], mark_ids = array[last_id],
    cluster = (select c.system_identifier from pg_control_system() c);
  return taken;
end
$body$;
comment on function bulkhead.rebase_audit_sealing() is
  'After a dump was restored into another cluster: seals what lacks a link and goes on with the new cluster''s transaction numbers. '
  'Does nothing, and returns 0, where the numbers still hold.';

create table bulkhead.audit_summary (
  partition text not null,
  pages bigint not null,
  constraint audit_summary_pkey primary key (partition)
);
comment on table bulkhead.audit_summary is 'Up to where each partition''s BRIN index is summarised: below, a search by id skips; above, it reads.';
comment on column bulkhead.audit_summary.partition is 'Name of the partition.';
comment on column bulkhead.audit_summary.pages is 'Pages summarised.';

create function bulkhead.summarize_audit() returns bigint
  language plpgsql security definer
  set search_path = ''
  set lock_timeout = '200ms'
as $body$
declare
  part record;
  done bigint;
  summarised bigint := 0;
begin
  for part in
    select p.relname as name, x.indexrelid::regclass as index, pg_relation_size(p.oid) / current_setting('block_size')::bigint as pages
    from pg_inherits i
    join pg_class p on p.oid = i.inhrelid
    join pg_index x on x.indrelid = p.oid
    join pg_class c on c.oid = x.indexrelid and c.relam = (select a.oid from pg_am a where a.amname = 'brin')
    where i.inhparent = 'bulkhead.audit_entry'::regclass
  loop
    select coalesce((select s.pages from bulkhead.audit_summary s where s.partition = part.name), 0) into done;
    -- Whole ranges only: in a range that is summarised, every write pays for keeping the summary.
    continue when part.pages - done < 256;
    for start in 0 .. (part.pages - done) / 128 - 2 loop
      summarised := summarised + brin_summarize_range(part.index, done + start * 128);
    end loop;
    insert into bulkhead.audit_summary as s (partition, pages)
    values (part.name, done + ((part.pages - done) / 128 - 1) * 128)
    on conflict (partition) do update set pages = excluded.pages;
  end loop;
  return summarised;
exception when lock_not_available then
  -- A vacuum is at the partition, and summarises it itself.
  return 0;
end
$body$;
comment on function bulkhead.summarize_audit() is
  'Summarises the page ranges of the entries that have filled up, so that searching for new entries does not read old ones.';

create function bulkhead.prepare_audit_partitions() returns void
  language sql security definer
begin atomic
  select bulkhead.ensure_audit_partitions(3);
end;
comment on function bulkhead.prepare_audit_partitions() is 'Makes the partitions of this month and the coming three. A missed month loses nothing: its entries go to the catch-all.';

-- Checkpoints -------------------------------------------------------------------------------------------------------

create function bulkhead.add_audit_tiles(of_chain uuid, of_level smallint, first_index bigint, hashes bytea[]) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  insert into bulkhead.audit_tile (tenant_id, level, index, hash)
  select of_chain, of_level, first_index + h.place - 1, h.hash
  from unnest(hashes) with ordinality h (hash, place)
  on conflict on constraint audit_tile_pkey do nothing;
end
$body$;
comment on function bulkhead.add_audit_tiles(uuid, smallint, bigint, bytea[]) is
  'Keeps hashes of complete subtrees. One that is there stays as it is: a wrong one shows in the root that is signed.';

create function bulkhead.add_audit_checkpoint(of_chain uuid, of_size bigint, of_root bytea, signed_note text) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  kept bytea;
begin
  if of_size > coalesce((select c.size from bulkhead.audit_chain c where c.tenant_id = of_chain), 0) then
    raise exception using errcode = '22023', message = 'bulkhead: a checkpoint covers entries that are sealed';
  end if;
  insert into bulkhead.audit_checkpoint (tenant_id, size, root, note) values (of_chain, of_size, of_root, signed_note)
  on conflict on constraint audit_checkpoint_pkey do nothing;
  select p.root into kept from bulkhead.audit_checkpoint p where p.tenant_id = of_chain and p.size = of_size;
  if kept <> of_root then
    raise exception using errcode = '23505', message = 'bulkhead: another root was signed for this size',
      hint = 'The chain was changed after it was signed. Run bulkhead audit verify.';
  end if;
end
$body$;
comment on function bulkhead.add_audit_checkpoint(uuid, bigint, bytea, text) is
  'Records a signed checkpoint. The same size twice is the same root, or 23505.';

-- Retention ---------------------------------------------------------------------------------------------------------

create function bulkhead.cut_audit(of_chain uuid, before_seq bigint, reason text) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  covering bulkhead.audit_checkpoint;
  entry bigint;
begin
  select p.* into covering from bulkhead.audit_checkpoint p
  where p.tenant_id = of_chain and p.size >= before_seq order by p.size limit 1;
  if not found then
    raise exception using errcode = '22023', constraint = 'audit_cut_covered',
      message = 'bulkhead: no checkpoint covers the entries to be cut', hint = 'Wait for the next checkpoint, or cut fewer.';
  end if;
  insert into bulkhead.audit_cut (tenant_id, seq, size, reason) values (of_chain, before_seq, covering.size, cut_audit.reason);
  insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type, detail)
  values (nullif(of_chain, '00000000-0000-0000-0000-000000000000'), 'job', 'audit.cut', 'bulkhead.audit_entry', json_build_object(
    'before', before_seq, 'size', covering.size, 'root', encode(covering.root, 'base64'), 'reason', cut_audit.reason))
  returning id into entry;
  return entry;
end
$body$;
comment on function bulkhead.cut_audit(uuid, bigint, text) is
  'Gives up the chain''s entries before a position that a checkpoint covers, and writes an entry that says so. Their links stay. Returns that entry''s id.';

create function bulkhead.remove_cut_entries(slice integer default 5000) returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  removed bigint;
begin
  -- The cut's own entry must be sealed first: until then nothing in the chain tells of the gap.
  with cuts as (
    select c.tenant_id, max(c.seq) as seq from bulkhead.audit_cut c
    where exists (
      select from bulkhead.audit_entry e
      join bulkhead.audit_link l on l.tenant_id = c.tenant_id and l.entry_id = e.id
      where e.tenant_id is not distinct from nullif(c.tenant_id, '00000000-0000-0000-0000-000000000000')
        and e.action = 'audit.cut' and e.actor_kind = 'job' and e.actor_id is null and e.detail ->> 'before' = c.seq::text)
    group by c.tenant_id
  ), behind as (
    select e.id, e.occurred_at, l.tenant_id
    from cuts c
    join bulkhead.audit_link l on l.tenant_id = c.tenant_id and l.seq < c.seq
    join bulkhead.audit_entry e on e.tenant_id is not distinct from nullif(c.tenant_id, '00000000-0000-0000-0000-000000000000')
      and e.id = l.entry_id and e.occurred_at = l.occurred_at
    order by l.tenant_id, l.seq
    limit slice
  )
  delete from bulkhead.audit_entry e using behind b
  where e.id = b.id and e.occurred_at = b.occurred_at
    and e.tenant_id is not distinct from nullif(b.tenant_id, '00000000-0000-0000-0000-000000000000');
  get diagnostics removed = row_count;
  return removed;
end
$body$;
comment on function bulkhead.remove_cut_entries(integer) is 'Removes entries before the cuts, a slice at a time. Returns how many; 0 when none is left.';

create function bulkhead.drop_empty_audit_partitions() returns text[]
  language plpgsql security definer
  set search_path = ''
  set lock_timeout = '2s'
as $body$
declare
  part record;
  dropped text[] := '{}';
begin
  for part in
    select p.oid, p.relname as name
    from pg_inherits i join pg_class p on p.oid = i.inhrelid
    where i.inhparent = 'bulkhead.audit_entry'::regclass and p.relname ~ '^audit_entry_\d{4}_\d{2}$'
      and to_date(right(p.relname, 7), 'YYYY_MM') + interval '1 month' < date_trunc('month', now())
    order by p.relname
  loop
    -- Nobody writes into a past month; the lock makes sure.
    execute format('lock table bulkhead.%I in access exclusive mode', part.name);
    continue when exists (select from bulkhead.audit_entry e where e.tableoid = part.oid);
    execute format('drop table bulkhead.%I', part.name);
    dropped := dropped || part.name::text;
  end loop;
  return dropped;
end
$body$;
comment on function bulkhead.drop_empty_audit_partitions() is 'Drops partitions of past months from which retention removed everything. Returns their names.';

revoke execute on all functions in schema bulkhead from public;
grant execute on function bulkhead.audit_entry_bytes(bulkhead.audit_entry), bulkhead.audit_field(text)
  to bulkhead_app, bulkhead_auditor, bulkhead_worker;
grant execute on function
  bulkhead.seal_audit(integer, integer), bulkhead.seal_audit_backlog(integer), bulkhead.rebase_audit_sealing(),
  bulkhead.summarize_audit(), bulkhead.prepare_audit_partitions(),
  bulkhead.add_audit_tiles(uuid, smallint, bigint, bytea[]), bulkhead.add_audit_checkpoint(uuid, bigint, bytea, text),
  bulkhead.cut_audit(uuid, bigint, text), bulkhead.remove_cut_entries(integer), bulkhead.drop_empty_audit_partitions()
  to bulkhead_worker;

create function bulkhead.audit_progress(
  of_chain uuid, out sealed_through pg_snapshot, out same_cluster boolean, out behind boolean
)
  language sql stable security definer
begin atomic
  select s.sealed_through,
    s.cluster = (select c.system_identifier from pg_control_system() c)
      and pg_snapshot_xmax(s.sealed_through) <= pg_snapshot_xmax(pg_current_snapshot()),
    exists (select from bulkhead.audit_backlog b where b.tenant_id = of_chain)
  from bulkhead.audit_sealer s;
end;
comment on function bulkhead.audit_progress(uuid) is
  'How far sealing has come, for whoever verifies: an entry of a transaction that sealed_through sees has a link, unless the chain is behind.';
revoke execute on function bulkhead.audit_progress(uuid) from public;
grant execute on function bulkhead.audit_progress(uuid) to bulkhead_auditor, bulkhead_worker;
