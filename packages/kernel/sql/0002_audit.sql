-- Audit entries: what changed, who changed it, written by trigger in the business transaction.
-- Append-only for every role. The chain that seals entries is kept beside this table, never in it, so
-- that an entry once written is never touched again.

create table bulkhead.audit_entry (
  -- First, so that a writer has its transaction's number before it takes an id: whoever seals relies on that order.
  transaction_id xid8 not null default pg_current_xact_id(),
  id bigint generated always as identity,
  occurred_at timestamptz not null default clock_timestamp(),
  tenant_id uuid,
  company_id uuid,
  actor_kind text not null,
  actor_id uuid,
  on_behalf_of uuid,
  action text not null,
  target_type text not null,
  target_id uuid,
  request_id text,
  ip inet,
  user_agent text,
  before json,
  after json,
  detail json,
  constraint audit_entry_position unique nulls not distinct (tenant_id, id, occurred_at)
) partition by range (occurred_at);
-- No check constraints: a writing transaction spends ten microseconds on preparing them, and only the functions
-- below can write, which take the actor from the seal.
comment on table bulkhead.audit_entry is
  'One row for each state change or application event. Append-only. Partitioned by month.';
comment on column bulkhead.audit_entry.transaction_id is
  'The writing transaction: tells a sealer which entries of a snapshot an earlier one did not see.';
comment on column bulkhead.audit_entry.id is 'Order of writing, which is not the order of committing.';
comment on column bulkhead.audit_entry.occurred_at is 'Wall-clock time of the change, in microseconds.';
comment on column bulkhead.audit_entry.tenant_id is
  'Whose entry it is; null for what happens before a tenant is known (the service''s own chain).';
comment on column bulkhead.audit_entry.company_id is 'The company of the row that changed; null for rows of the whole tenant.';
comment on column bulkhead.audit_entry.actor_kind is
  'Kind of actor, from the sealed context; database when a role outside the runtime wrote without one.';
comment on column bulkhead.audit_entry.actor_id is 'The actor, from the sealed context.';
comment on column bulkhead.audit_entry.on_behalf_of is 'The account an agent acted for.';
comment on column bulkhead.audit_entry.action is
  'insert, update, soft_delete, restore, delete, or an application event as noun.verb.';
comment on column bulkhead.audit_entry.target_type is 'schema.table of the row, or the event''s own noun.';
comment on column bulkhead.audit_entry.target_id is 'Id of the row.';
comment on column bulkhead.audit_entry.request_id is 'The request that caused it, unsealed.';
comment on column bulkhead.audit_entry.ip is 'The address the request came from, unsealed.';
comment on column bulkhead.audit_entry.user_agent is 'The client''s User-Agent header, unsealed.';
comment on column bulkhead.audit_entry.before is
  'The row before, as json: its bytes stay as written, where jsonb would reorder keys.';
comment on column bulkhead.audit_entry.after is 'The row after, as json, bytes as written.';
comment on column bulkhead.audit_entry.detail is 'What an application event adds, as json, bytes as written.';

comment on constraint audit_entry_position on bulkhead.audit_entry is
  'A tenant''s entries in order of writing. There is no other key: each index more is paid by every audited write.';

create index audit_entry_by_target on bulkhead.audit_entry (target_id);
comment on index bulkhead.audit_entry_by_target is 'The history of one row.';
create index audit_entry_by_time on bulkhead.audit_entry using brin (occurred_at, id);
comment on index bulkhead.audit_entry_by_time is 'Time ranges, and ranges of ids for whoever seals them.';

create function bulkhead.refuse_audit_change() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '42501',
    message = 'bulkhead: audit entries are append-only',
    hint = 'No role may update, delete or truncate them; retention cuts whole partitions behind a checkpoint.';
end
$body$;
comment on function bulkhead.refuse_audit_change() is 'Trigger: refuses a change of audit entries to every role, owner and superuser included.';

create trigger audit_entry_append_only
  before update or delete on bulkhead.audit_entry
  for each row execute function bulkhead.refuse_audit_change();
comment on trigger audit_entry_append_only on bulkhead.audit_entry is 'Row-level, because only row-level triggers are cloned to partitions.';

alter table bulkhead.audit_entry enable row level security;
alter table bulkhead.audit_entry force row level security;

create policy audit_entry_write on bulkhead.audit_entry
  for insert to bulkhead_owner
  with check (true);
comment on policy audit_entry_write on bulkhead.audit_entry is 'Only the owner''s trigger and event functions write entries.';

create policy audit_entry_read_own on bulkhead.audit_entry
  for select to bulkhead_app
  using (
    tenant_id = (select bulkhead.tenant_id())
    and (company_id is null or (select bulkhead.all_companies()) or company_id = (select bulkhead.company_id()))
  );
comment on policy audit_entry_read_own on bulkhead.audit_entry is
  'The application reads its context''s tenant and, under a company, that company''s entries and the tenant''s own.';

create policy audit_entry_read_all on bulkhead.audit_entry
  for select to bulkhead_auditor
  using (true);
comment on policy audit_entry_read_all on bulkhead.audit_entry is 'The auditor reads the whole ledger, and nothing else in the database.';

grant select on bulkhead.audit_entry to bulkhead_app, bulkhead_auditor;

create function bulkhead.create_audit_partition(month date) returns void
  language plpgsql
  set search_path = ''
as $body$
declare
  first_day constant date := date_trunc('month', month);
  partition_name constant text := 'audit_entry_' || to_char(first_day, 'YYYY_MM');
begin
  if to_regclass('bulkhead.' || partition_name) is null then
    execute format('create table bulkhead.%I partition of bulkhead.audit_entry for values from (%L) to (%L)',
      partition_name, first_day::timestamp at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC');
    perform bulkhead.seal_off_audit_partition(partition_name);
  end if;
end
$body$;
comment on function bulkhead.create_audit_partition(date) is
  'Makes the partition for the month of the given day, UTC, unless it exists.';

create function bulkhead.seal_off_audit_partition(partition_name text) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  execute format('alter table bulkhead.%I enable row level security, force row level security', partition_name);
  execute format('create trigger audit_entry_no_truncate before truncate on bulkhead.%I
    for each statement execute function bulkhead.refuse_audit_change()', partition_name);
  execute format('comment on table bulkhead.%I is %L', partition_name, 'Audit entries, a partition: reached through bulkhead.audit_entry only.');
end
$body$;
comment on function bulkhead.seal_off_audit_partition(text) is
  'A partition inherits neither row security nor statement triggers from its parent: it gets its own.';

create function bulkhead.ensure_audit_partitions(months_ahead integer default 3) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  for ahead in 0 .. months_ahead loop
    begin
      perform bulkhead.create_audit_partition((current_date + make_interval(months => ahead))::date);
    exception when check_violation then
      -- The catch-all already holds entries of that month: nothing is lost, they stay where they are.
      null;
    end;
  end loop;
end
$body$;
comment on function bulkhead.ensure_audit_partitions(integer) is
  'Makes the partitions of this month and the coming ones. Run at every start.';

create table bulkhead.audit_entry_unplaced partition of bulkhead.audit_entry default;
select bulkhead.seal_off_audit_partition('audit_entry_unplaced');
create trigger audit_entry_no_truncate before truncate on bulkhead.audit_entry
  for each statement execute function bulkhead.refuse_audit_change();

create function bulkhead.uncommon_actor_kind(kind text) returns text
  language plpgsql stable
  set search_path = ''
as $body$
begin
  if kind = 'agent' then
    raise exception using errcode = '42501',
      message = 'bulkhead: an agent acts on behalf of an account, and this context names none';
  elsif session_user in ('bulkhead_app', 'bulkhead_identity', 'bulkhead_worker', 'bulkhead_auditor') then
    raise exception using errcode = '42501',
      message = 'bulkhead: a change needs a context',
      hint = 'Send the sealed context in the same transaction; see CONTEXT.md.';
  end if;
  return 'database';
end
$body$;
comment on function bulkhead.uncommon_actor_kind(text) is
  'The kind of actor where the context names none, or an agent that acts for nobody: 42501 for a runtime role, database for any other.';

create function bulkhead.refuse_large_entry(target_type text, target_id uuid) returns json
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '23514', constraint = 'audit_entry_size',
    message = format('bulkhead: %s %s is too large for an audit entry', target_type, target_id),
    hint = 'An audit entry holds at most 4 MiB of a row as JSON. Keep large values outside of it, as files, and their hash in the row.';
end
$body$;
comment on function bulkhead.refuse_large_entry(text, uuid) is
  'Refuses, with 23514 and constraint audit_entry_size, a change whose entry nobody could check: a row, before or after, or a detail of more than 4 MiB.';

-- One trigger function for each operation, for tables with and without a company. Statement-level with
-- transition tables: one insert writes the entries of a whole statement. What they declare stands in each of them and
-- not in a function of its own, since a nested call is what a single-row write would notice.
do $functions$
declare
  -- The actor comes from the seal, verified here once more; the request beside it is what the session says, cut to size.
  declarations constant text := $declare$
  token constant text := bulkhead.verified_context();
  actor_kind constant text := split_part(token, '.', 6);
  actor constant uuid := split_part(token, '.', 7);
  account constant uuid := nullif(split_part(token, '.', 8), '-');
  request constant json := nullif(current_setting('bulkhead.request', true), '');
  request_id constant text := left(request ->> 'id', 200);
  request_ip constant inet := request ->> 'ip';
  request_agent constant text := left(request ->> 'agent', 1000);
$declare$;
  -- By the block's label, so that a table's column of the same name is not meant.
  origin constant text := 'case when entry.actor_kind is null or (entry.actor_kind = ''agent'' and entry.account is null)'
    || ' then bulkhead.uncommon_actor_kind(entry.actor_kind) else entry.actor_kind end, entry.actor, entry.account';
  request constant text := 'entry.request_id, entry.request_ip, entry.request_agent';
  variant record;
begin
  for variant in
    select v.operation, v.settings, s.suffix, replace(v.rows, '$company', s.company) as rows
    from (values
      ('insert', '', 'n.tenant_id, $company, ''insert'' as action, n.id, null::json as before, row_to_json(n) as after from new_rows n'),
      ('delete', '', 'n.tenant_id, $company, ''delete'' as action, n.id, row_to_json(n) as before, null::json as after from old_rows n'),
      -- The cached plan of a one-row statement would join a thousand rows by nested loops.
      ('update', 'set enable_nestloop = off', 'n.tenant_id, $company'
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
  insert into bulkhead.audit_entry (tenant_id, company_id, actor_kind, actor_id, on_behalf_of, action, target_type, target_id,
    request_id, ip, user_agent, before, after)
  select n.tenant_id, n.company_id, %4$s, n.action, tg_argv[0], n.id, %5$s, n.before,
    -- A datum in memory has the length of its text, and four bytes.
    case when pg_column_size(n.before) > 4194308 or pg_column_size(n.after) > 4194308
      then bulkhead.refuse_large_entry(tg_argv[0], n.id) else n.after end
  from (select %6$s offset 0) n;
  return null;
end
$body$ $create$,
      'audit_' || variant.operation || '_' || variant.suffix, variant.settings, declarations, origin, request, variant.rows);
    execute format('comment on function bulkhead.%I() is %L',
      'audit_' || variant.operation || '_' || variant.suffix,
      format('Trigger: one audit entry for each row of an %s, on a table of scope %s. Argument: schema.table.',
        variant.operation, variant.suffix));
  end loop;

  execute format($create$
    create function bulkhead.audit_event(action text, target_type text, target_id uuid default null, detail json default null)
      returns void
      language plpgsql security definer
      set search_path = ''
    as $body$
<<entry>>
declare %s
begin
  if action !~ '^[a-z_]{1,60}\.[a-z_]{1,60}$' then
    raise exception using errcode = '22023', message = 'an audit event is named noun.verb in lower case';
  end if;
  if octet_length(target_type) > 200 or octet_length(detail::text) > 4194304 then
    perform bulkhead.refuse_large_entry(left(target_type, 200), target_id);
  end if;
  if action in ('audit.cut', 'audit.erase') then
    raise exception using errcode = '42501', message = 'bulkhead: this event is written by retention and erasure alone',
      hint = 'It excuses what is missing, so an application that wrote it could have entries removed unnoticed.';
  end if;
  insert into bulkhead.audit_entry (tenant_id, company_id, actor_kind, actor_id, on_behalf_of, action, target_type, target_id,
    request_id, ip, user_agent, detail)
  select bulkhead.tenant_id(), bulkhead.company_id(), %s, action, target_type, target_id, %s, detail;
end
$body$ $create$,
    declarations, origin, request);
end
$functions$;
comment on function bulkhead.audit_event(text, text, uuid, json) is
  'Writes an application event under the current context. The name is noun.verb, so that it cannot pass for a row change.';

create function bulkhead.audit_diff(before json, after json) returns jsonb
  language plpgsql immutable parallel restricted
  set search_path = ''
as $body$
begin
  return (
    select jsonb_object_agg(coalesce(o.key, n.key), jsonb_build_object('before', o.value, 'after', n.value))
    from jsonb_each(audit_diff.before::jsonb) o
    full join jsonb_each(audit_diff.after::jsonb) n on n.key = o.key
    where o.value is distinct from n.value
      and coalesce(o.key, n.key) <> 'updated_at');
exception when untranslatable_character or invalid_text_representation or numeric_value_out_of_range then
  -- One such entry must not keep the others from being read.
  return null;
end
$body$;
comment on function bulkhead.audit_diff(json, json) is
  'The fields that differ: {field: {before, after}}, without updated_at, which every change touches. Null also where json has what jsonb '
  'cannot hold (an escaped NUL, half a surrogate pair, a number beyond numeric).';

create view bulkhead.audit_log with (security_invoker = true) as
  select e.id, e.occurred_at, e.tenant_id, e.company_id, e.actor_kind, e.actor_id, e.on_behalf_of, e.action,
    e.target_type, e.target_id, e.request_id, e.ip, e.user_agent, e.before, e.after, e.detail,
    case when e.before is not null and e.after is not null then bulkhead.audit_diff(e.before, e.after) end as diff
  from bulkhead.audit_entry e;
comment on view bulkhead.audit_log is 'Audit entries with the field-level diff of updates. Row security is the reader''s.';

revoke execute on all functions in schema bulkhead from public;
grant select on bulkhead.audit_log to bulkhead_app, bulkhead_auditor;
grant execute on function bulkhead.audit_diff(json, json) to bulkhead_app, bulkhead_auditor;
grant execute on function bulkhead.audit_event(text, text, uuid, json) to bulkhead_app, bulkhead_identity, bulkhead_worker;
