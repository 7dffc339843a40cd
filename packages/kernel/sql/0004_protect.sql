-- bulkhead.protect_table and its steps.

create function bulkhead.stamp_row() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  if new.id is distinct from old.id or new.tenant_id is distinct from old.tenant_id
    or new.created_at is distinct from old.created_at then
    raise exception using errcode = '42501', table = tg_table_name, schema = tg_table_schema,
      message = format('bulkhead: id, tenant_id and created_at of %I.%I never change', tg_table_schema, tg_table_name);
  end if;
  new.updated_at := now();
  if new.deleted_at is distinct from old.deleted_at and new.deleted_at is not null then
    new.deleted_at := coalesce(old.deleted_at, clock_timestamp());
  end if;
  return new;
end
$body$;
comment on function bulkhead.stamp_row() is
  'Trigger: keeps updated_at, stamps deleted_at with the time of the statement, and holds what identifies a row for every role.';

create function bulkhead.refuse_delete() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '42501', table = tg_table_name, schema = tg_table_schema,
    message = format('bulkhead: rows of %I.%I are not deleted', tg_table_schema, tg_table_name),
    hint = case tg_argv[0]
      when 'soft' then 'Mark them: update … set deleted_at = now() where …'
      else 'This table keeps its rows for good.' end;
end
$body$;
comment on function bulkhead.refuse_delete() is
  'Trigger: refuses DELETE with a hint to those who hold the privilege (the owner); the application role does not.';

create function bulkhead.refuse_truncate() returns trigger
  language plpgsql
  set search_path = ''
as $body$
begin
  raise exception using errcode = '42501', table = tg_table_name, schema = tg_table_schema,
    message = format('bulkhead: %I.%I is not truncated: row-level security does not see TRUNCATE', tg_table_schema, tg_table_name);
end
$body$;
comment on function bulkhead.refuse_truncate() is 'Trigger: refuses TRUNCATE, which ignores row-level security.';

create function bulkhead.check_protectable(target regclass, scope text) returns void
  language plpgsql stable
  set search_path = ''
as $body$
declare
  missing text;
begin
  if (select c.relkind from pg_catalog.pg_class c where c.oid = target) not in ('r', 'p') then
    raise exception using errcode = '42809', message = format('%s is not a table', target),
      hint = 'Make a view security_invoker; give a foreign table or materialized view to no runtime role.';
  end if;
  if exists (select from pg_catalog.pg_inherits i where i.inhrelid = target) then
    raise exception using errcode = '42809', message = format('%s is a partition or an inheritance child', target),
      hint = 'Protect its parent: children are reached through it only.';
  end if;
  select string_agg(format('%s %s not null', w.name, w.type), ', ') into missing
  from (
    select unnest(array['id'] || bulkhead.scope_columns(scope)) as name, 'uuid' as type
    union all values ('created_at', 'timestamp with time zone'), ('updated_at', 'timestamp with time zone')
  ) w
  where not exists (
    select from bulkhead.table_columns(target) c where c.name = w.name and c.type = w.type and c.required);
  if missing is null and not exists (
    select from bulkhead.table_columns(target) c
    where c.name = 'deleted_at' and c.type = 'timestamp with time zone' and not c.required
  ) then
    missing := 'deleted_at timestamp with time zone null';
  end if;
  if missing is not null then
    raise exception using errcode = '42P16', message = format('%s cannot be protected with scope %s: it needs %s', target, scope, missing);
  end if;
end
$body$;
comment on function bulkhead.check_protectable(regclass, text) is
  'Refuses with a precise message what cannot be protected: not a table, a child, or without the columns that every business row carries.';

create function bulkhead.protect_keys(target regclass, scope text) returns setof text
  language plpgsql
  set search_path = ''
as $body$
declare
  plain_key text;
  incoming pg_catalog.pg_constraint[];
  foreign_key pg_catalog.pg_constraint;
  offender record;
begin
  select c.conname into plain_key from pg_catalog.pg_constraint c
  where c.conrelid = target and c.contype = 'p' and bulkhead.key_columns(target, c.conkey) = array['id'];
  if plain_key is not null then
    incoming := array(select c from pg_catalog.pg_constraint c
      where c.contype = 'f' and c.confrelid = target and c.conparentid = 0 and cardinality(c.conkey) = 1);
    foreach foreign_key in array incoming loop
      if not exists (select from bulkhead.table_columns(foreign_key.conrelid) c where c.name = 'tenant_id') then
        raise exception using errcode = '42P16',
          message = format('%I of %s refers to %s, but %s has no tenant_id', foreign_key.conname,
            foreign_key.conrelid::regclass, target, foreign_key.conrelid::regclass),
          hint = 'A row that refers to a tenant''s row is that tenant''s: give it a tenant_id.';
      end if;
      execute format('alter table %s drop constraint %I', foreign_key.conrelid::regclass, foreign_key.conname);
    end loop;
    execute format('alter table %s drop constraint %I', target, plain_key);
    execute format('alter table %s add constraint %I primary key (tenant_id, id)', target, plain_key);
    foreach foreign_key in array incoming loop
      perform bulkhead.add_foreign_key(foreign_key,
        array['tenant_id'] || bulkhead.key_columns(foreign_key.conrelid, foreign_key.conkey), array['tenant_id', 'id']);
    end loop;
    return next 'made the primary key (tenant_id, id): a key of id alone tells one tenant that another has it';
  elsif not exists (select from pg_catalog.pg_constraint c
    where c.conrelid = target and c.contype in ('p', 'u')
      and bulkhead.key_columns(target, c.conkey) = array['tenant_id', 'id']) then
    execute format('alter table %s add unique (tenant_id, id)', target);
    return next 'added unique (tenant_id, id)';
  end if;
  for offender in select k.name, k.columns from bulkhead.leaky_keys(target, scope) k loop
    raise exception using errcode = '42P16',
      message = format('unique key %I (%s) of %s spans tenants: a refused insert would tell one tenant what another has',
        offender.name, array_to_string(offender.columns, ', '), target),
      hint = format('Put %s into the key.', array_to_string(bulkhead.scope_columns(scope), ', '));
  end loop;
end
$body$;

create function bulkhead.leaky_keys(target regclass, scope text) returns table (name text, columns text[])
  language sql stable
begin atomic
  select i.indexrelid::regclass::text, k.columns
  from pg_index i
  cross join lateral (select bulkhead.key_columns(target, (i.indkey::smallint[])[0:i.indnkeyatts - 1]) as columns) k
  where i.indrelid = target and (i.indisunique or i.indisexclusion)
    -- A random id that a row gets once is no value another tenant could want.
    and not (k.columns @> array['tenant_id', 'id'])
    and not (k.columns @> bulkhead.scope_columns(scope));
end;
comment on function bulkhead.leaky_keys(regclass, text) is
  'Unique and exclusion keys that span tenants (or companies), through which a refused insert tells what another has.';
comment on function bulkhead.protect_keys(regclass, text) is
  'Step of protect_table: the primary key becomes (tenant_id, id); a unique key that spans tenants is refused.';

create function bulkhead.protect_foreign_keys(target regclass) returns setof text
  language plpgsql
  set search_path = ''
as $body$
declare
  foreign_key record;
  columns text[];
  parent_columns text[];
  referring text;
begin
  for foreign_key in select * from bulkhead.foreign_keys(target) loop
    if foreign_key.treatment is null then
      raise exception using errcode = '42P16',
        message = format('%I of %s refers to %s, which is not protected', foreign_key.name, target, foreign_key.parent),
        hint = 'Protect the parent first, or register it with bulkhead.share_table.';
    end if;
    continue when foreign_key.treatment <> 'protected';
    if foreign_key.reaches_out then
      raise exception using errcode = '42P16',
        message = format('%I of %s changes rows of companies or accounts that the deleting context does not cover', foreign_key.name, target),
        hint = 'Foreign keys act past row-level security. Use on delete no action, or give both tables the same scope.';
    end if;
    columns := foreign_key.columns;
    if not foreign_key.composite then
      referring := columns[array_position(foreign_key.parent_columns, 'id')];
      if referring is null
        or not bulkhead.scope_columns('company') || bulkhead.scope_columns('user') @> array_remove(columns, referring) then
        raise exception using errcode = '42P16',
          message = format('%I of %s does not carry %s on both sides, so that a row could refer to another tenant''s',
            foreign_key.name, target, array_to_string(foreign_key.required, ', ')),
          hint = 'Write it as foreign key (' || array_to_string(foreign_key.required || columns, ', ') || ').';
      end if;
      columns := foreign_key.required || referring;
      parent_columns := foreign_key.required || array['id'];
      perform bulkhead.ensure_unique(foreign_key.parent, parent_columns);
      execute format('alter table %s drop constraint %I', target, foreign_key.name);
      perform bulkhead.add_foreign_key(foreign_key.definition, columns, parent_columns);
      return next format('made %I composite: (%s)', foreign_key.name, array_to_string(columns, ', '));
    end if;
    if not bulkhead.has_index_on(target, columns) then
      execute format('create index on %s (%s)', target,
        (select string_agg(quote_ident(c), ', ') from unnest(columns) c));
      return next format('indexed (%s)', array_to_string(columns, ', '));
    end if;
  end loop;
end
$body$;
comment on function bulkhead.protect_foreign_keys(regclass) is
  'Step of protect_table: a foreign key to a protected table carries the scope on both sides, and has its index. Checks of foreign keys ignore row-level security, so the key itself must keep tenants apart.';

create function bulkhead.ensure_unique(target regclass, columns text[]) returns void
  language plpgsql
  set search_path = ''
as $body$
begin
  if not exists (
    select from pg_catalog.pg_constraint c
    where c.conrelid = target and c.contype in ('p', 'u')
      and bulkhead.key_columns(target, c.conkey) @> columns and bulkhead.key_columns(target, c.conkey) <@ columns
  ) then
    execute format('alter table %s add unique (%s)', target,
      (select string_agg(quote_ident(c), ', ') from unnest(columns) c));
  end if;
end
$body$;
comment on function bulkhead.ensure_unique(regclass, text[]) is 'Gives a parent the unique key that a composite foreign key refers to.';

create function bulkhead.add_foreign_key(old pg_catalog.pg_constraint, columns text[], parent_columns text[])
  returns void
  language plpgsql
  set search_path = ''
as $body$
declare
  referring constant text := columns[cardinality(columns)];
  actions constant jsonb := '{"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}';
  on_delete text := actions ->> old.confdeltype::text;
begin
  if old.confdeltype in ('n', 'd') then
    -- Without the list it would set tenant_id as well.
    on_delete := format('%s (%I)', on_delete, referring);
  end if;
  execute format(
    'alter table %s add constraint %I foreign key (%s) references %s (%s) on delete %s%s%s',
    old.conrelid::regclass, old.conname,
    (select string_agg(quote_ident(c), ', ') from unnest(columns) c),
    old.confrelid::regclass,
    (select string_agg(quote_ident(c), ', ') from unnest(parent_columns) c),
    on_delete,
    case when old.condeferrable then ' deferrable' else '' end,
    case when old.condeferred then ' initially deferred' else '' end);
end
$body$;
comment on function bulkhead.add_foreign_key(pg_catalog.pg_constraint, text[], text[]) is
  'Adds a foreign key again, composite, with the name and actions of the old one. The referring column stands last.';

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
