-- bulkhead.protect_table, with its policies, triggers and grants; and the two ways to leave a table out.

create function bulkhead.protect_policies(target regclass, scope text) returns setof text
  language plpgsql
  set search_path = ''
as $body$
declare
  policy record;
begin
  execute format('alter table %s enable row level security, force row level security', target);
  for policy in
    select p.polname from pg_catalog.pg_policy p where p.polrelid = target and p.polname like 'bulkhead\_%'
  loop
    execute format('drop policy %I on %s', policy.polname, target);
  end loop;
  for policy in select * from bulkhead.expected_policies(scope) loop
    execute format('create policy %I on %s as %s for %s to bulkhead_app, bulkhead_owner %s with check %s',
      policy.name, target,
      case when policy.permissive then 'permissive' else 'restrictive' end,
      case policy.command when 'a' then 'insert' else 'all' end,
      case policy.command when 'a' then '' else 'using ' || policy.condition end,
      policy.condition);
  end loop;
  return next format('row-level security on and forced, policies for scope %s', scope);
end
$body$;
comment on function bulkhead.protect_policies(regclass, text) is
  'Step of protect_table: row-level security on and forced, with the expected policies. They name the application and the owner; for every other role no policy means no row.';

create function bulkhead.protect_triggers(target regclass, registered bulkhead.registered_table) returns setof text
  language plpgsql
  set search_path = ''
as $body$
declare
  wanted record;
  masks constant boolean := registered.personal_columns || registered.sensitive_columns <> '{}';
  variant constant text := case registered.scope when 'company' then 'company' else 'tenant' end
    || case when masks then '_personal' else '' end;
  arguments text := quote_literal(bulkhead.table_label(target));
begin
  if masks then
    arguments := concat_ws(', ', arguments, quote_literal(registered.personal_subject),
      quote_literal(registered.personal_columns), quote_literal(registered.sensitive_columns));
  end if;
  for wanted in
    select t.tgname from pg_catalog.pg_trigger t where t.tgrelid = target and t.tgname like 'bulkhead\_%'
  loop
    execute format('drop trigger %I on %s', wanted.tgname, target);
  end loop;
  execute format('create trigger bulkhead_stamp before update on %s for each row execute function bulkhead.stamp_row()', target);
  execute format('create trigger bulkhead_no_truncate before truncate on %s for each statement execute function bulkhead.refuse_truncate()', target);
  if registered.delete_mode <> 'hard' then
    execute format('create trigger bulkhead_no_delete before delete on %s for each statement execute function bulkhead.refuse_delete(%L)',
      target, registered.delete_mode);
  end if;
  if registered.audited then
    for wanted in
      select * from (values
        ('insert', 'referencing new table as new_rows'),
        ('update', 'referencing old table as old_rows new table as new_rows'),
        ('delete', 'referencing old table as old_rows')) v (operation, transition)
    loop
      execute format('create trigger bulkhead_audit_%s after %s on %s %s for each statement execute function bulkhead.%I(%s)',
        wanted.operation, wanted.operation, target, wanted.transition,
        format('audit_%s_%s', wanted.operation, variant), arguments);
    end loop;
    return next 'every change writes an audit entry';
  end if;
  if masks then
    return next format('entries hold commitments for %s', array_to_string(registered.personal_columns || registered.sensitive_columns, ', '));
  end if;
end
$body$;
comment on function bulkhead.protect_triggers(regclass, bulkhead.registered_table) is
  'Step of protect_table: row stamps, refusal of DELETE and TRUNCATE, audit.';

create function bulkhead.table_label(target regclass) returns text
  language sql stable
begin atomic
  select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = target;
end;
comment on function bulkhead.table_label(regclass) is 'schema.table, whatever the search path.';

create function bulkhead.protect_grants(target regclass, registered bulkhead.registered_table) returns setof text
  language plpgsql
  set search_path = ''
as $body$
declare
  readable text;
  insertable text;
  updatable text;
  fixed constant text[] := array['id', 'created_at', 'updated_at']
    || bulkhead.scope_columns(registered.scope) || registered.immutable_columns
    || case when registered.delete_mode = 'soft' then '{}'::text[] else array['deleted_at'] end;
begin
  select ' (' || string_agg(quote_ident(c.name), ', ') filter (where c.name <> all (registered.sensitive_columns)) || ')'
  into readable from bulkhead.table_columns(target) c;
  if registered.sensitive_columns = '{}' then
    readable := '';
  else
    grant execute on function bulkhead.read_sensitive(text, uuid[], text) to bulkhead_app;
  end if;
  select string_agg(quote_ident(c.name), ', '),
    string_agg(quote_ident(c.name), ', ') filter (where c.name <> all (fixed))
  into insertable, updatable
  from bulkhead.table_columns(target) c where not c.generated;
  execute format('revoke all on table %s from public, bulkhead_app', target);
  execute format('grant select%s on table %s to bulkhead_app', readable, target);
  if registered.write_mode <> 'none' then
    execute format('grant insert (%s) on table %s to bulkhead_app', insertable, target);
  end if;
  if registered.write_mode = 'full' and updatable is not null then
    execute format('grant update (%s) on table %s to bulkhead_app', updatable, target);
  end if;
  if registered.delete_mode = 'hard' then
    execute format('grant delete on table %s to bulkhead_app', target);
  end if;
  return next format('bulkhead_app may select%s%s%s%s',
    readable, case when registered.write_mode <> 'none' then ', insert' else '' end,
    case when registered.write_mode = 'full' and updatable is not null then ', update (' || updatable || ')' else '' end,
    case when registered.delete_mode = 'hard' then ', delete' else '' end);
end
$body$;
comment on function bulkhead.protect_grants(regclass, bulkhead.registered_table) is
  'Step of protect_table: the application''s privileges, column by column, after the policies that bound them.';

create function bulkhead.read_protect_options(options jsonb, scope text) returns bulkhead.registered_table
  language plpgsql immutable
  set search_path = ''
as $body$
declare
  registered bulkhead.registered_table;
  unknown text;
begin
  select string_agg(k, ', ') into unknown from jsonb_object_keys(options) k
  where k not in ('delete', 'immutable', 'write', 'audit', 'personal', 'sensitive');
  if unknown is not null then
    raise exception using errcode = '22023', message = format('protect_table knows no option %s', unknown),
      hint = 'Options are delete (soft, hard, none), write (full, append, none), immutable (a list of columns), audit (true, false), '
        || 'personal ({"columns": [...], "subject": column}), sensitive (a list of columns).';
  end if;
  registered.treatment := 'protected';
  registered.scope := scope;
  registered.delete_mode := coalesce(options ->> 'delete', 'soft');
  registered.write_mode := coalesce(options ->> 'write', 'full');
  if registered.write_mode <> 'full' and registered.delete_mode = 'soft' then
    -- Marking a row deleted is an update.
    registered.delete_mode := 'none';
  end if;
  registered.immutable_columns := array(select jsonb_array_elements_text(coalesce(options -> 'immutable', '[]')));
  registered.audited := coalesce((options ->> 'audit')::boolean, true);
  registered.personal_columns := array(select jsonb_array_elements_text(coalesce(options -> 'personal' -> 'columns', '[]')));
  registered.personal_subject := coalesce(options -> 'personal' ->> 'subject', 'id');
  registered.sensitive_columns := array(select jsonb_array_elements_text(coalesce(options -> 'sensitive', '[]')));
  if registered.sensitive_columns <> '{}' and not registered.audited then
    raise exception using errcode = '22023', message = 'a table with sensitive columns is audited';
  end if;
  registered.registered_at := now();
  return registered;
end
$body$;
comment on function bulkhead.read_protect_options(jsonb, text) is 'Reads protect_table''s options; refuses what it does not know.';

create function bulkhead.check_declared_columns(registered bulkhead.registered_table) returns void
  language plpgsql stable
  set search_path = ''
as $body$
declare
  target constant regclass := registered.target;
  unknown text;
begin
  select string_agg(i, ', ') into unknown from unnest(registered.immutable_columns) i
  where i not in (select c.name from bulkhead.table_columns(target) c);
  if unknown is not null then
    raise exception using errcode = '42703', message = format('%s has no column %s to be immutable', target, unknown);
  end if;
  -- What places a row, and what the audit reads of it, cannot be hidden.
  select string_agg(i, ', ') into unknown from unnest(registered.personal_columns || registered.sensitive_columns) i
  where i not in (select c.name from bulkhead.table_columns(target) c)
    or i = any (array['id', 'created_at', 'updated_at', 'deleted_at', registered.personal_subject] || bulkhead.scope_columns(registered.scope));
  if unknown is not null then
    raise exception using errcode = '42703', message = format('%s has no column %s to be personal or sensitive', target, unknown),
      hint = 'The columns that every business row carries, and the subject, stay readable.';
  end if;
  if not exists (select from bulkhead.table_columns(target) c
      where c.name = registered.personal_subject and c.type = 'uuid' and c.required) then
    raise exception using errcode = '42P16',
      message = format('%s cannot tell whom its personal columns are about by %s', target, registered.personal_subject),
      hint = 'The subject is a uuid column, not null: id, or one that refers to the person.';
  end if;
end
$body$;
comment on function bulkhead.check_declared_columns(bulkhead.registered_table) is
  'Refuses options of protect_table that name columns which the table lacks or which cannot be what they are declared.';

create function bulkhead.protect_table(target regclass, scope text default 'tenant', options jsonb default '{}')
  returns setof text
  language plpgsql
  set search_path = ''
as $body$
declare
  registered bulkhead.registered_table := bulkhead.read_protect_options(options, scope);
begin
  registered.target := target;
  delete from bulkhead.registered_table r where not exists (select from pg_catalog.pg_class c where c.oid = r.target);
  insert into bulkhead.registered_table select registered.*
  on conflict on constraint registered_table_pkey do update set
    treatment = excluded.treatment, scope = excluded.scope, delete_mode = excluded.delete_mode,
    write_mode = excluded.write_mode, immutable_columns = excluded.immutable_columns,
    audited = excluded.audited, personal_columns = excluded.personal_columns,
    personal_subject = excluded.personal_subject, sensitive_columns = excluded.sensitive_columns,
    reason = null, registered_at = excluded.registered_at;
  perform bulkhead.check_protectable(target, scope);
  perform bulkhead.check_declared_columns(registered);
  return query select bulkhead.protect_keys(target, scope);
  return query select bulkhead.protect_foreign_keys(target);
  if not exists (
    select from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_am m on m.oid = c.relam
    where i.indrelid = target and m.amname = 'brin'
      and bulkhead.key_columns(target, i.indkey::smallint[]) = array['created_at']
  ) then
    execute format('create index on %s using brin (created_at)', target);
    return next 'indexed created_at (brin)';
  end if;
  return query select bulkhead.protect_policies(target, scope);
  return query select bulkhead.protect_triggers(target, registered);
  return query select bulkhead.protect_grants(target, registered);
end
$body$;
comment on function bulkhead.protect_table(regclass, text, jsonb) is
  'Puts a table behind the walls of its scope (tenant, company, user) and says what it did. Idempotent: run it again after adding columns. Options: delete soft|hard|none, write full|append|none, immutable [columns], audit true|false, personal {columns, subject}, sensitive [columns].';

create function bulkhead.register_exception(target regclass, treatment text, reason text) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  execute format('revoke all on table %s from public, bulkhead_app', target);
  insert into bulkhead.registered_table (target, treatment, reason) values (target, treatment, reason)
  on conflict on constraint registered_table_pkey do update set
    treatment = excluded.treatment, reason = excluded.reason, scope = null, delete_mode = null,
    write_mode = null, audited = false, personal_columns = '{}', sensitive_columns = '{}', registered_at = now();
end
$body$;
comment on function bulkhead.register_exception(regclass, text, text) is 'Puts a table that is not protected on record, with its reason.';

create function bulkhead.share_table(target regclass, reason text) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  perform bulkhead.register_exception(target, 'shared', reason);
  execute format('grant select on table %s to bulkhead_app', target);
end
$body$;
comment on function bulkhead.share_table(regclass, text) is
  'Reference data that is no tenant''s: the application may read it and nothing else.';

create function bulkhead.exempt_table(target regclass, reason text) returns void
  language sql
begin atomic
  select bulkhead.register_exception(target, 'exempt', reason);
end;
comment on function bulkhead.exempt_table(regclass, text) is 'A table out of the application role''s reach altogether.';

revoke execute on all functions in schema bulkhead from public;
