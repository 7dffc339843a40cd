-- Personal data in audit entries. An entry holds a commitment where the value would stand, and the value stands beside
-- it, so that the value can be erased while the entry, its hash, the chain and every proof stay as they are. Only tables
-- with the option personal (or sensitive) of protect_table pay for it. Why so: docs/design/audit-erasure.md.

create table bulkhead.audit_personal (
  tenant_id uuid not null,
  entry_id bigint not null,
  occurred_at timestamptz not null,
  company_id uuid,
  subject_id uuid not null,
  secret bytea not null,
  before json,
  after json,
  constraint audit_personal_pkey primary key (tenant_id, entry_id, subject_id)
);
comment on table bulkhead.audit_personal is
  'What the commitments of an entry stand for. Erasing a subject removes its rows, and with them the only way back to the values.';
comment on column bulkhead.audit_personal.tenant_id is 'The entry''s tenant.';
comment on column bulkhead.audit_personal.entry_id is 'The entry: its id.';
comment on column bulkhead.audit_personal.occurred_at is 'The entry: its time.';
comment on column bulkhead.audit_personal.company_id is 'The entry''s company, for the policies.';
comment on column bulkhead.audit_personal.subject_id is
  'Whom the values are about. A change of the subject leaves two rows: before is about one, after about the other.';
comment on column bulkhead.audit_personal.secret is
  '32 bytes, 244 bits of them random, from which each field''s salt is derived. Without it nobody can try values against a commitment.';
comment on column bulkhead.audit_personal.before is 'The values before: {column: value}, the bytes that were committed to.';
comment on column bulkhead.audit_personal.after is 'The values after.';
create index audit_personal_by_subject on bulkhead.audit_personal (tenant_id, subject_id);
comment on index bulkhead.audit_personal_by_subject is 'What an erasure removes.';

create table bulkhead.audit_erasure (
  id uuid not null,
  tenant_id uuid not null,
  subject_id uuid not null,
  through timestamptz not null,
  reason text not null,
  recorded_at timestamptz not null default now(),
  constraint audit_erasure_pkey primary key (tenant_id, id),
  constraint audit_erasure_reason_length check (char_length(reason) between 10 and 500)
);
comment on table bulkhead.audit_erasure is
  'Erasures on record. Copied out of the database and replayed into one that is restored from before them (bulkhead.erase_audit_subject).';
comment on column bulkhead.audit_erasure.id is 'Of the erasure, the same wherever it is replayed.';
comment on column bulkhead.audit_erasure.tenant_id is 'Whose entries.';
comment on column bulkhead.audit_erasure.subject_id is 'About whom.';
comment on column bulkhead.audit_erasure.through is 'Values of entries up to this time are erased.';
comment on column bulkhead.audit_erasure.reason is 'Why: a request''s number, a rule. Never who the person is.';
comment on column bulkhead.audit_erasure.recorded_at is 'When this database learned of it.';
create index audit_erasure_by_subject on bulkhead.audit_erasure (tenant_id, subject_id);
comment on index bulkhead.audit_erasure_by_subject is 'Whether a removal is on record.';

-- Commitments -------------------------------------------------------------------------------------------------------

create function bulkhead.audit_salt(secret bytea, column_name text) returns bytea
  language sql immutable parallel safe
  return sha256(convert_to(E'bulkhead-salt/1\n', 'UTF8') || secret || convert_to(column_name, 'UTF8'));
comment on function bulkhead.audit_salt(bytea, text) is
  'A field''s salt. Each field has its own, so that one value can be disclosed with its proof and no other be guessed by it.';

create function bulkhead.audit_commitment(salt bytea, target_type text, target_id uuid, column_name text, value json) returns text
  language plpgsql immutable parallel safe
  set search_path = ''
as $body$
begin
  -- In PL/pgSQL, which keeps its plan: Postgres 15 to 17 would plan a function in SQL anew for each value of each row.
  return 'sha256:' || encode(sha256(convert_to(
      E'bulkhead-personal/1\n'
      || bulkhead.audit_field(encode(salt, 'hex'))
      || bulkhead.audit_field(target_type)
      || bulkhead.audit_field(target_id::text)
      || bulkhead.audit_field(column_name)
      || bulkhead.audit_field(value::text), 'UTF8')), 'hex');
end
$body$;
comment on function bulkhead.audit_commitment(bytea, text, uuid, text, json) is
  'What stands in an entry for a value: SHA-256 over length-prefixed salt, row, column and the value''s json text. docs/audit-format.md.';

-- The triggers of tables with such columns: one for each operation, with and without a company, as in 0002. Arguments:
-- schema.table, the subject's column, the personal columns, the sensitive ones. For a sensitive value neither the value nor
-- the secret is kept, since whoever reads the audit would read it without an entry: the mark only tells whether it changed.
-- Before and after share the secret while they are about the same subject, so that what did not change compares as equal. A
-- value that is null stays so. What masks a row stands in the statement, not in a function, whose calls would cost more than it does.
do $functions$
declare
  declarations constant text := $declare$
  -- A row was written, so the transaction has its number already; whoever seals relies on its being there before the ids.
  writer constant xid8 := pg_current_xact_id();
  token constant text := bulkhead.verified_context();
  actor_kind constant text := split_part(token, '.', 6);
  actor constant uuid := split_part(token, '.', 7);
  account constant uuid := nullif(split_part(token, '.', 8), '-');
  request constant json := nullif(current_setting('bulkhead.request', true), '');
  request_id constant text := left(request ->> 'id', 200);
  request_ip constant inet := request ->> 'ip';
  request_agent constant text := left(request ->> 'agent', 1000);
  withheld constant text[] := tg_argv[3];
  erasable constant text[] := array(select c from unnest(tg_argv[2]::text[]) c where c <> all (withheld));
  -- Whom the values are about is told too: without it nobody could tell an erased value from one that was made away with.
  mark constant json := json_strip_nulls(json_build_object('erasable', to_json(nullif(erasable, '{}')),
    'withheld', to_json(nullif(withheld, '{}')), 'subject', case when erasable <> '{}' then tg_argv[1] end));
$declare$;
  masking constant text := $mask$
      select json_object_agg(f.key, case
          when json_typeof(f.value) = 'null' then f.value
          when f.key = any (entry.withheld) then
            to_json(bulkhead.audit_commitment(bulkhead.audit_salt(p.discarded, f.key), tg_argv[0], p.id, f.key, f.value))
          when f.key = any (entry.erasable) then
            to_json(bulkhead.audit_commitment(bulkhead.audit_salt($secret, f.key), tg_argv[0], p.id, f.key, f.value))
          else f.value end) as masked,
        json_object_agg(f.key, f.value) filter (where f.key = any (entry.erasable) and json_typeof(f.value) <> 'null') as kept
      from json_each($fields) f$mask$;
  variant record;
begin
  for variant in
    select v.operation, v.settings, s.suffix, replace(v.rows, '$company', s.company) as rows
    from (values
      ('insert', '', 'n.tenant_id, $company, ''insert'' as action, n.id, null::json as before, row_to_json(n) as after from new_rows n'),
      ('delete', '', 'n.tenant_id, $company, ''delete'' as action, n.id, row_to_json(n) as before, null::json as after from old_rows n'),
      -- What is lateral below needs a nested loop all the same; forbidden, it looks so dear that Postgres would compile it.
      ('update', 'set enable_nestloop = off set jit = off', 'n.tenant_id, $company'
        || ', case when o.deleted_at is null and n.deleted_at is not null then ''soft_delete'''
        || ' when o.deleted_at is not null and n.deleted_at is null then ''restore'' else ''update'' end as action'
        || ', n.id, row_to_json(o) as before, row_to_json(n) as after'
        || ' from old_rows o join new_rows n on n.id = o.id and n.tenant_id = o.tenant_id')
    ) v (operation, settings, rows)
    cross join (values ('tenant', 'null::uuid as company_id'), ('company', 'n.company_id')) s (suffix, company)
  loop
    execute format($create$
      create function bulkhead.%1$I() returns trigger
        language plpgsql security definer
        set search_path = '' %2$s
      as $body$
<<entry>>
declare %3$s
begin
  with changed as materialized (
    select nextval('bulkhead.audit_entry_id_seq') as entry_id, clock_timestamp() as occurred_at,
      uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as secret,
      uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as another,
      uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as discarded, %4$s
  ), placed as (
    select c.*, (c.before ->> tg_argv[1])::uuid as before_subject, (c.after ->> tg_argv[1])::uuid as after_subject,
      case when c.before ->> tg_argv[1] <> c.after ->> tg_argv[1] then c.another else c.secret end as before_secret
    from changed c
    where case when pg_column_size(c.before) > 4194308 or pg_column_size(c.after) > 4194308
      then bulkhead.refuse_large_entry(tg_argv[0], c.id) is null else true end
  ), masked as materialized (
    select p.entry_id, p.occurred_at, p.tenant_id, p.company_id, p.action, p.id, p.before_subject, p.after_subject,
      p.before_secret, p.secret, b.masked as before, a.masked as after, b.kept as before_kept, a.kept as after_kept
    from placed p
    cross join lateral (%5$s) b
    cross join lateral (%6$s) a
  ), written as (
    insert into bulkhead.audit_entry (transaction_id, id, occurred_at, tenant_id, company_id, actor_kind, actor_id, on_behalf_of,
      action, target_type, target_id, request_id, ip, user_agent, before, after, detail)
    overriding system value
    select entry.writer, m.entry_id, m.occurred_at, m.tenant_id, m.company_id,
      case when entry.actor_kind is null or (entry.actor_kind = 'agent' and entry.account is null)
        then bulkhead.uncommon_actor_kind(entry.actor_kind) else entry.actor_kind end, entry.actor, entry.account,
      m.action, tg_argv[0], m.id, entry.request_id, entry.request_ip, entry.request_agent, m.before, m.after, entry.mark
    from masked m
  )
  insert into bulkhead.audit_personal (tenant_id, entry_id, occurred_at, company_id, subject_id, secret, before, after)
  select m.tenant_id, m.entry_id, m.occurred_at, m.company_id, m.after_subject, m.secret,
    case when m.before_subject = m.after_subject then m.before_kept end, m.after_kept
  from masked m where m.after_subject is not null
  union all
  select m.tenant_id, m.entry_id, m.occurred_at, m.company_id, m.before_subject, m.before_secret, m.before_kept, null
  from masked m where m.before_subject is not null and m.before_subject is distinct from m.after_subject;
  return null;
end
$body$ $create$,
      'audit_' || variant.operation || '_' || variant.suffix || '_personal', variant.settings, declarations, variant.rows,
      replace(replace(masking, '$secret', 'p.before_secret'), '$fields', 'p.before'),
      replace(replace(masking, '$secret', 'p.secret'), '$fields', 'p.after'));
    execute format('comment on function bulkhead.%I() is %L',
      'audit_' || variant.operation || '_' || variant.suffix || '_personal',
      format('Trigger: as audit_%s_%s, with commitments in place of personal and sensitive values, and the personal ones beside it.',
        variant.operation, variant.suffix));
  end loop;
end
$functions$;

-- What may go, and how ----------------------------------------------------------------------------------------------

create function bulkhead.refuse_personal_change() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  if tg_op = 'DELETE' and (
    exists (select from bulkhead.audit_erasure x
      where x.tenant_id = old.tenant_id and x.subject_id = old.subject_id and x.through >= old.occurred_at)
    or not exists (select from bulkhead.audit_entry e
      where e.tenant_id = old.tenant_id and e.id = old.entry_id and e.occurred_at = old.occurred_at)
  ) then
    return old;
  end if;
  raise exception using errcode = '42501',
    message = 'bulkhead: what audit entries stand for is not changed',
    hint = 'bulkhead.erase_audit_subject removes a subject''s values, with an erasure on record.';
end
$body$;
comment on function bulkhead.refuse_personal_change() is
  'Trigger: values beside entries go only where an erasure is on record, or where retention removed the entry. Holds every role.';

create trigger audit_personal_append_only before update or delete on bulkhead.audit_personal
  for each row execute function bulkhead.refuse_personal_change();
create trigger audit_personal_no_truncate before truncate on bulkhead.audit_personal
  for each statement execute function bulkhead.refuse_audit_change();
create trigger audit_erasure_append_only before update or delete on bulkhead.audit_erasure
  for each row execute function bulkhead.refuse_audit_change();
create trigger audit_erasure_no_truncate before truncate on bulkhead.audit_erasure
  for each statement execute function bulkhead.refuse_audit_change();

alter table bulkhead.audit_personal enable row level security, force row level security;
alter table bulkhead.audit_erasure enable row level security, force row level security;

create policy audit_personal_write on bulkhead.audit_personal for insert to bulkhead_owner with check (true);
comment on policy audit_personal_write on bulkhead.audit_personal is 'Only the owner''s trigger functions write.';
create policy audit_personal_read_own on bulkhead.audit_personal
  for select to bulkhead_app
  using (
    tenant_id = (select bulkhead.tenant_id())
    and (company_id is null or (select bulkhead.all_companies()) or company_id = (select bulkhead.company_id()))
  );
comment on policy audit_personal_read_own on bulkhead.audit_personal is 'Whoever may read the entry.';
create policy audit_personal_read_all on bulkhead.audit_personal for select to bulkhead_auditor using (true);
comment on policy audit_personal_read_all on bulkhead.audit_personal is
  'Whoever verifies compares the values with what the entries committed to: no hash of the chain covers them.';
create policy audit_personal_erase on bulkhead.audit_personal
  to bulkhead_owner
  using ((select session_user = 'bulkhead_worker'));
comment on policy audit_personal_erase on bulkhead.audit_personal is
  'The owner''s functions that erase and cut, when the worker calls them; the trigger lets only what is on record go.';

create policy audit_erasure_keep on bulkhead.audit_erasure to bulkhead_owner using (true) with check (true);
comment on policy audit_erasure_keep on bulkhead.audit_erasure is 'The owner''s functions record erasures; triggers refuse a change.';
create policy audit_erasure_read_own on bulkhead.audit_erasure for select to bulkhead_app
  using (tenant_id = (select bulkhead.tenant_id()) and (select bulkhead.all_companies()));
comment on policy audit_erasure_read_own on bulkhead.audit_erasure is 'The application reads its context''s tenant.';
create policy audit_erasure_read_all on bulkhead.audit_erasure for select to bulkhead_auditor, bulkhead_worker using (true);
comment on policy audit_erasure_read_all on bulkhead.audit_erasure is
  'The auditor tells erased from tampered; the worker copies the record out of the database.';

grant select on bulkhead.audit_personal, bulkhead.audit_erasure to bulkhead_app, bulkhead_auditor;
grant select on bulkhead.audit_erasure to bulkhead_worker;

create function bulkhead.forget_cut_entry() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  delete from bulkhead.audit_personal p where p.tenant_id = old.tenant_id and p.entry_id = old.id;
  return null;
end
$body$;
comment on function bulkhead.forget_cut_entry() is 'Trigger: when retention removes an entry, what it stands for goes with it.';
create trigger audit_entry_forget after delete on bulkhead.audit_entry
  for each row execute function bulkhead.forget_cut_entry();

create function bulkhead.erase_audit_subject(
  erasure uuid, of_tenant uuid, subject uuid, through timestamptz, reason text,
  out recorded boolean, out erased bigint
)
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  if session_user <> 'bulkhead_worker' then
    raise exception using errcode = '42501', message = 'bulkhead: subjects are erased by the worker';
  end if;
  if through > clock_timestamp() then
    raise exception using errcode = '22023', message = 'bulkhead: an erasure reaches up to now, not into the future';
  end if;
  insert into bulkhead.audit_erasure (id, tenant_id, subject_id, through, reason)
  values (erasure, of_tenant, subject, erase_audit_subject.through, erase_audit_subject.reason)
  on conflict on constraint audit_erasure_pkey do nothing;
  recorded := found;
  delete from bulkhead.audit_personal p
  where p.tenant_id = of_tenant and p.subject_id = subject and p.occurred_at <= erase_audit_subject.through;
  get diagnostics erased = row_count;
  if recorded or erased > 0 then
    insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type, target_id, detail)
    values (of_tenant, 'job', 'audit.erase', 'bulkhead.audit_entry', subject,
      json_build_object('erasure', erasure, 'through', erase_audit_subject.through, 'entries', erased, 'reason', erase_audit_subject.reason));
  end if;
end
$body$;
comment on function bulkhead.erase_audit_subject(uuid, uuid, uuid, timestamptz, text) is
  'Removes the values that a tenant''s entries up to a time hold about a subject; record, removal and an entry that says so are one transaction. '
  'Again with the same erasure, after a backup was restored, it removes what came back.';

create function bulkhead.complete_audit_erasures() returns bigint
  language plpgsql security definer
  set search_path = ''
as $body$
declare
  erased bigint;
begin
  with gone as (
    delete from bulkhead.audit_personal p using bulkhead.audit_erasure x
    where p.tenant_id = x.tenant_id and p.subject_id = x.subject_id and p.occurred_at <= x.through
    returning p.tenant_id, p.subject_id, x.id, x.through, x.reason
  ), told as (
    insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type, target_id, detail)
    select g.tenant_id, 'job', 'audit.erase', 'bulkhead.audit_entry', g.subject_id,
      json_build_object('erasure', g.id, 'through', g.through, 'entries', count(*), 'reason', g.reason)
    from gone g group by g.tenant_id, g.subject_id, g.id, g.through, g.reason
  )
  select count(*) into erased from gone;
  return erased;
end
$body$;
comment on function bulkhead.complete_audit_erasures() is
  'Removes what an erasure on record did not see: values that a transaction had written and not committed yet. Returns how many.';

revoke execute on all functions in schema bulkhead from public;
grant execute on function
  bulkhead.erase_audit_subject(uuid, uuid, uuid, timestamptz, text), bulkhead.complete_audit_erasures()
  to bulkhead_worker;
grant execute on function
  bulkhead.audit_salt(bytea, text), bulkhead.audit_commitment(bytea, text, uuid, text, json)
  to bulkhead_app, bulkhead_auditor;
