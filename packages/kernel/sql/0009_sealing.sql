-- A round of sealing: entries that were committed get their places. What is locked, and for how long:
-- docs/design/audit-sealing.md.

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
