-- When each chain was last checked and last handed to a place outside the database. What a server found, for people to look
-- at: whoever holds the database can write here what they like, and the proof is elsewhere (docs/audit.md).

create table bulkhead.audit_verification (
  tenant_id uuid not null,
  outcome text not null,
  finding text,
  size bigint not null,
  peaks bytea[] not null,
  previous bytea not null,
  checked_at timestamptz not null,
  sound_at timestamptz,
  whole_at timestamptz,
  due_at timestamptz not null,
  constraint audit_verification_pkey primary key (tenant_id),
  constraint audit_verification_outcome check (outcome in ('sound', 'tampered')),
  constraint audit_verification_finding_length check (char_length(finding) <= 1000)
) with (fillfactor = 50);
comment on table bulkhead.audit_verification is 'The last check of each chain by a server. Overwritten by the next one.';
comment on column bulkhead.audit_verification.tenant_id is 'The tenant, or the nil UUID for the service''s own chain.';
comment on column bulkhead.audit_verification.outcome is 'sound, or tampered. A check that could not be made changes nothing here, and then becomes overdue.';
comment on column bulkhead.audit_verification.finding is 'The first finding, in words; null where there is none.';
comment on column bulkhead.audit_verification.size is 'Entries up to which the chain was sound: the next check goes on there.';
comment on column bulkhead.audit_verification.peaks is 'Roots of the complete subtrees over them, largest first.';
comment on column bulkhead.audit_verification.previous is 'Leaf of the last of them; 32 zero bytes where there is none.';
comment on column bulkhead.audit_verification.checked_at is 'When it was last checked.';
comment on column bulkhead.audit_verification.sound_at is 'When it was last found sound.';
comment on column bulkhead.audit_verification.whole_at is 'When it was last found sound from its first entry on; other checks begin where the one before ended.';
comment on column bulkhead.audit_verification.due_at is 'After this the next check is overdue.';

create table bulkhead.audit_anchoring (
  tenant_id uuid not null,
  anchor text not null,
  size bigint not null,
  anchored_at timestamptz not null,
  constraint audit_anchoring_pkey primary key (tenant_id, anchor),
  constraint audit_anchoring_anchor_length check (char_length(anchor) between 1 and 600)
) with (fillfactor = 50);
comment on table bulkhead.audit_anchoring is 'The last checkpoint of each chain that each place outside the database took.';
comment on column bulkhead.audit_anchoring.tenant_id is 'The tenant, or the nil UUID for the service''s own chain.';
comment on column bulkhead.audit_anchoring.anchor is 'The place, as the server''s log names it.';
comment on column bulkhead.audit_anchoring.size is 'Entries that the checkpoint covers.';
comment on column bulkhead.audit_anchoring.anchored_at is 'When it was taken.';

do $readers$
declare
  target text;
begin
  foreach target in array array['audit_verification', 'audit_anchoring'] loop
    execute format('alter table bulkhead.%I enable row level security, force row level security', target);
    execute format('create policy %I on bulkhead.%I to bulkhead_owner using ((select session_user = ''bulkhead_worker'')) with check ((select session_user = ''bulkhead_worker''))',
      target || '_keep', target);
    execute format('comment on policy %I on bulkhead.%I is %L', target || '_keep', target, 'The owner''s functions keep them, when the worker calls them.');
    execute format('create policy %I on bulkhead.%I for select to bulkhead_app
      using (tenant_id = (select bulkhead.tenant_id()) and (select bulkhead.all_companies()))', target || '_read_own', target);
    execute format('comment on policy %I on bulkhead.%I is %L', target || '_read_own', target, 'The application reads its context''s tenant; a chain runs through all companies.');
    execute format('create policy %I on bulkhead.%I for select to bulkhead_auditor, bulkhead_worker using (true)', target || '_read_all', target);
    execute format('comment on policy %I on bulkhead.%I is %L', target || '_read_all', target, 'Sizes, times and hashes; no content.');
    execute format('grant select on bulkhead.%I to bulkhead_app, bulkhead_auditor, bulkhead_worker', target);
  end loop;
end
$readers$;

create function bulkhead.record_audit_verification(
  of_chain uuid, verdict text, first_finding text, of_size bigint, of_peaks bytea[], of_previous bytea, whole boolean, within interval
) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  insert into bulkhead.audit_verification as v
    (tenant_id, outcome, finding, size, peaks, previous, checked_at, sound_at, whole_at, due_at)
  values (of_chain, verdict, left(first_finding, 1000), of_size, of_peaks, of_previous, clock_timestamp(),
    case when verdict = 'sound' then clock_timestamp() end, case when verdict = 'sound' and whole then clock_timestamp() end,
    clock_timestamp() + within)
  on conflict on constraint audit_verification_pkey do update set
    outcome = excluded.outcome, finding = excluded.finding, checked_at = excluded.checked_at, due_at = excluded.due_at,
    -- What was not found sound is checked again from where the last sound check ended.
    size = case when verdict = 'sound' then excluded.size else v.size end,
    peaks = case when verdict = 'sound' then excluded.peaks else v.peaks end,
    previous = case when verdict = 'sound' then excluded.previous else v.previous end,
    sound_at = coalesce(excluded.sound_at, v.sound_at), whole_at = coalesce(excluded.whole_at, v.whole_at);
end
$body$;
comment on function bulkhead.record_audit_verification(uuid, text, text, bigint, bytea[], bytea, boolean, interval) is
  'Records the check of a chain. whole: it began at the first entry; within: the next one is overdue after that.';

create function bulkhead.record_audit_anchoring(of_chain uuid, place text, of_size bigint) returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  insert into bulkhead.audit_anchoring as a (tenant_id, anchor, size, anchored_at)
  values (of_chain, left(place, 600), of_size, clock_timestamp())
  on conflict on constraint audit_anchoring_pkey do update set size = excluded.size, anchored_at = excluded.anchored_at
  where a.size <= excluded.size;
end
$body$;
comment on function bulkhead.record_audit_anchoring(uuid, text, bigint) is 'Records that a place outside the database took a checkpoint of so many entries.';

revoke execute on all functions in schema bulkhead from public;
grant execute on function
  bulkhead.record_audit_verification(uuid, text, text, bigint, bytea[], bytea, boolean, interval),
  bulkhead.record_audit_anchoring(uuid, text, bigint)
  to bulkhead_worker;
