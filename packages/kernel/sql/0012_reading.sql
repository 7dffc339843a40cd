-- Reading what is sensitive, with an entry for each row; and the partitions that entries lie in.

do $functions$
declare
  body constant text := $body$
<<entry>>
declare
  token constant text := bulkhead.verified_context();
  actor_kind constant text := split_part(token, '.', 6);
  actor constant uuid := split_part(token, '.', 7);
  account constant uuid := nullif(split_part(token, '.', 8), '-');
  request constant json := nullif(current_setting('bulkhead.request', true), '');
  registered bulkhead.registered_table;
begin
  select r.* into registered from bulkhead.registered_table r
  where bulkhead.table_label(r.target) = table_name and r.treatment = 'protected' and r.sensitive_columns <> '{}';
  if not found then
    raise exception using errcode = '42809', message = 'bulkhead: this table has no sensitive columns',
      hint = 'Declare them: select bulkhead.protect_table(…, …, ''{"sensitive": ["column"]}'').';
  end if;
  if actor is null then
    raise exception using errcode = '42501', message = 'bulkhead: a read of sensitive rows needs a context';
  end if;
  if cardinality(ids) > 1000 then
    raise exception using errcode = '22023', message = 'bulkhead: at most 1,000 sensitive rows are read at once';
  end if;
  return query execute format($read$
    with seen as materialized (
      select s.id, s.tenant_id, %1$s as company_id, row_to_json(s) as fields from %2$s s where s.id = any ($1)
    ), told as (
      insert into bulkhead.audit_entry (tenant_id, company_id, actor_kind, actor_id, on_behalf_of, action, target_type, target_id,
        request_id, ip, user_agent, detail)
      select s.tenant_id, s.company_id, $2, $3, $4, 'record.read', $5, s.id, $6, $7, $8, $9 from seen s
    )
    select s.fields from seen s$read$,
    case registered.scope when 'company' then 's.company_id' else 'null::uuid' end, registered.target)
  using ids,
    case when actor_kind is null or (actor_kind = 'agent' and account is null) then bulkhead.uncommon_actor_kind(actor_kind) else actor_kind end,
    actor, account, table_name, left(request ->> 'id', 200), (request ->> 'ip')::inet, left(request ->> 'agent', 1000),
    json_build_object('columns', registered.sensitive_columns, 'purpose', purpose);
end
$body$;
begin
  execute 'create function bulkhead.read_sensitive(table_name text, ids uuid[], purpose text) returns setof json
    language plpgsql security definer set search_path = '''' as ' || quote_literal(body);
end
$functions$;
comment on function bulkhead.read_sensitive(text, uuid[], text) is
  'Rows of a table with sensitive columns, as the context sees them, and for each one an entry record.read with who, when and what for. '
  'The application has no other way to these columns.';

create function bulkhead.place_audit_entries() returns boolean
  language plpgsql security definer
  set search_path = ''
  -- Detaching stops all writers: better later than while one of them takes its time.
  set lock_timeout = '2s'
as $body$
declare
  catch_all constant regclass := 'bulkhead.audit_entry_unplaced';
  first_day date;
  last_day date;
  placed text;
begin
  select date_trunc('month', min(e.occurred_at) at time zone 'UTC'), date_trunc('month', max(e.occurred_at) at time zone 'UTC')
  into first_day, last_day
  from bulkhead.audit_entry e where e.tableoid = catch_all;
  if first_day is null then
    return false;
  end if;
  placed := 'audit_entry_' || to_char(last_day, 'YYYY_MM');
  if to_regclass('bulkhead.' || placed) is not null then
    return false;
  end if;
  -- No entry is moved: the table they lie in becomes the partition of its months, and an empty one the catch-all.
  alter table bulkhead.audit_entry detach partition bulkhead.audit_entry_unplaced;
  -- What was written since is in it too.
  execute format('alter table bulkhead.audit_entry_unplaced rename to %I', placed);
  execute format('alter table bulkhead.audit_entry attach partition bulkhead.%I for values from (%L) to (%L)',
    placed, first_day::timestamp at time zone 'UTC', (last_day + interval '1 month') at time zone 'UTC');
  create table bulkhead.audit_entry_unplaced partition of bulkhead.audit_entry default;
  perform bulkhead.seal_off_audit_partition('audit_entry_unplaced');
  return true;
exception when invalid_object_definition or check_violation or lock_not_available then
  -- Its months are not in one piece, or a writer holds it: the entries stay where they are, and none is lost.
  return false;
end
$body$;
comment on function bulkhead.place_audit_entries() is
  'Makes the catch-all the partition of the months whose entries it caught, without moving or changing one. False when there is nothing to place, or it must wait.';

create or replace function bulkhead.prepare_audit_partitions() returns void
  language plpgsql security definer
  set search_path = ''
as $body$
begin
  perform bulkhead.place_audit_entries();
  perform bulkhead.ensure_audit_partitions(3);
end
$body$;
comment on function bulkhead.prepare_audit_partitions() is
  'Makes the partitions of this month and the coming three. A missed month loses nothing: its entries go to the catch-all, which becomes that month''s partition here.';

revoke execute on all functions in schema bulkhead from public;
-- The application may run it once a table declares sensitive columns: protect_table grants it then.
grant execute on function bulkhead.place_audit_entries() to bulkhead_worker;
