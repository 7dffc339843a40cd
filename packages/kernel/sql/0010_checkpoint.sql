-- Checkpoints of the chains' trees, and retention, which cuts behind one.

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
