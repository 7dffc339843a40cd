-- What bulkhead.protect_table builds on: what its triggers call, keys that name the tenant, composite foreign keys.

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
