-- What every table is to Bulkhead: protected, shared or exempt, each on record.

create table bulkhead.registered_table (
  target regclass not null,
  treatment text not null,
  scope text,
  delete_mode text,
  write_mode text,
  immutable_columns text[] not null default '{}',
  audited boolean not null default false,
  personal_columns text[] not null default '{}',
  personal_subject text not null default 'id',
  sensitive_columns text[] not null default '{}',
  reason text,
  registered_at timestamptz not null default now(),
  constraint registered_table_pkey primary key (target),
  constraint registered_table_treatment_known check (treatment in ('protected', 'shared', 'exempt')),
  constraint registered_table_scope_known check (scope in ('tenant', 'company', 'user')),
  constraint registered_table_delete_mode_known check (delete_mode in ('soft', 'hard', 'none')),
  constraint registered_table_write_mode_known check (write_mode in ('full', 'append', 'none')),
  constraint registered_table_protected_is_complete check (
    treatment <> 'protected' or (scope is not null and delete_mode is not null and write_mode is not null)),
  constraint registered_table_exception_has_reason check (
    treatment = 'protected' or length(btrim(reason)) >= 10)
);
comment on table bulkhead.registered_table is 'What each table is to Bulkhead, and why, where it is not protected.';
comment on column bulkhead.registered_table.target is 'The table.';
comment on column bulkhead.registered_table.treatment is
  'protected: tenant rows behind policies; shared: reference data that everybody may read; exempt: out of the application role''s reach.';
comment on column bulkhead.registered_table.scope is 'tenant, company or user: whose rows a context sees.';
comment on column bulkhead.registered_table.delete_mode is
  'soft: rows are marked deleted; hard: the application may delete; none: rows stay.';
comment on column bulkhead.registered_table.write_mode is
  'full: insert and update; append: insert only; none: the application only reads.';
comment on column bulkhead.registered_table.immutable_columns is 'Columns the application sets once, on insert.';
comment on column bulkhead.registered_table.audited is 'Whether changes write audit entries.';
comment on column bulkhead.registered_table.personal_columns is
  'Columns whose values stand in audit entries as commitments, the values beside them, so that they can be erased.';
comment on column bulkhead.registered_table.personal_subject is 'The column with the id of the person they are about.';
comment on column bulkhead.registered_table.sensitive_columns is
  'Columns that the application reads through bulkhead.read_sensitive alone, which writes who read which row.';
comment on column bulkhead.registered_table.reason is 'Why a shared or exempt table needs no protection.';
comment on column bulkhead.registered_table.registered_at is 'When it was registered last.';

create table bulkhead.guarded_schema (
  name text not null,
  constraint guarded_schema_pkey primary key (name)
);
comment on table bulkhead.guarded_schema is 'Schemas in which every table must be registered, or start-up refuses.';
comment on column bulkhead.guarded_schema.name is 'The schema''s name.';

create function bulkhead.guard_schema(name text) returns void
  language sql
begin atomic
  insert into bulkhead.guarded_schema (name) values (name) on conflict do nothing;
end;
comment on function bulkhead.guard_schema(text) is
  'From now on every table of the schema must be protected, shared or exempt.';

create function bulkhead.scope_columns(scope text) returns text[]
  language sql immutable strict parallel safe
  return case scope
    when 'company' then array['tenant_id', 'company_id']
    when 'user' then array['tenant_id', 'account_id']
    else array['tenant_id']
  end;
comment on function bulkhead.scope_columns(text) is 'The columns that say whose a row of this scope is.';

create function bulkhead.expected_policies(scope text)
  returns table (name text, permissive boolean, command "char", condition text)
  language sql immutable parallel safe
begin atomic
  -- The opener only asks that a context be there. The walls are restrictive: a permissive policy that
  -- somebody adds later is OR'ed with the opener and opens nothing, and a wall that is dropped leaves the
  -- others standing. What each row is held to stands in a sub-select, run once for a statement; bulkhead.deleted is
  -- read in place, since only rows that are deleted come that far, and planning a sub-select costs more.
  select 'bulkhead_opener', true, '*'::"char", '((select nullif(current_setting(''bulkhead.context''::text, true), ''''::text)) is not null)'
  union all
  select 'bulkhead_tenant', false, '*'::"char", '(tenant_id = (select bulkhead.tenant_id()))'
  union all
  select 'bulkhead_company', false, '*'::"char",
    '((select bulkhead.all_companies()) or (company_id = (select bulkhead.company_id())))'
  where scope = 'company'
  union all
  select 'bulkhead_user', false, '*'::"char", '(account_id = (select bulkhead.account_id()))'
  where scope = 'user'
  union all
  -- A row deleted by this very statement must still pass, since Postgres holds the new row of an UPDATE to
  -- the policy for SELECT as well; the next statement no longer sees it.
  select 'bulkhead_live', false, '*'::"char",
    '((deleted_at is null) or (deleted_at >= statement_timestamp())
      or (current_setting(''bulkhead.deleted''::text, true) = ''visible''::text))'
  union all
  select 'bulkhead_born', false, 'a'::"char",
    '((created_at = now()) and (updated_at = now()) and (deleted_at is null))';
end;
comment on function bulkhead.expected_policies(text) is
  'The policies of a protected table: one opener, and a restrictive wall for each thing that must hold. command is pg_policy.polcmd.';

create function bulkhead.table_columns(target regclass) returns table (name text, type text, required boolean, generated boolean)
  language sql stable
begin atomic
  select a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated <> ''
  from pg_attribute a
  where a.attrelid = target and a.attnum > 0 and not a.attisdropped
  order by a.attnum;
end;
comment on function bulkhead.table_columns(regclass) is 'A table''s columns in order.';

create function bulkhead.key_columns(target regclass, positions smallint[]) returns text[]
  language sql stable
begin atomic
  select coalesce(array_agg(a.attname::text order by p.place), '{}')
  from unnest(positions) with ordinality p (attnum, place)
  join pg_attribute a on a.attrelid = target and a.attnum = p.attnum;
end;
comment on function bulkhead.key_columns(regclass, smallint[]) is 'Names of a key''s columns, in the key''s order.';

create function bulkhead.foreign_keys(target regclass)
  returns table (name text, parent regclass, columns text[], parent_columns text[], required text[], treatment text, composite boolean, reaches_out boolean, definition pg_constraint)
  language sql stable
begin atomic
  select c.conname::text, c.confrelid::regclass, k.columns, k.parent_columns, s.required, p.treatment,
    (select bool_and(exists (
        select from unnest(k.columns, k.parent_columns) pair (child_column, parent_column)
        where pair.child_column = r.name and pair.parent_column = r.name))
      from unnest(s.required) r (name)),
    c.confdeltype in ('c', 'n', 'd') and not s.required @> bulkhead.scope_columns(t.scope),
    c
  from pg_constraint c
  join bulkhead.registered_table t on t.target = c.conrelid
  left join bulkhead.registered_table p on p.target = c.confrelid
  cross join lateral (
    select bulkhead.key_columns(c.conrelid::regclass, c.conkey) as columns,
      bulkhead.key_columns(c.confrelid::regclass, c.confkey) as parent_columns) k
  cross join lateral (
    select coalesce(array_agg(shared.name order by shared.name desc), '{}') as required
    from (
      select unnest(bulkhead.scope_columns(t.scope)) as name
      intersect
      select unnest(bulkhead.scope_columns(p.scope))
    ) shared) s
  where c.conrelid = foreign_keys.target and c.contype = 'f' and c.conparentid = 0;
end;
comment on function bulkhead.foreign_keys(regclass) is
  'A registered table''s foreign keys: required are the scope columns that both tables have and that the key must carry on both sides, composite whether it does, reaches_out whether deleting a parent would change rows outside the scope it is deleted under.';

create function bulkhead.has_index_on(target regclass, columns text[]) returns boolean
  language sql stable
begin atomic
  select exists (
    select from pg_index i
    where i.indrelid = target and i.indisvalid and i.indpred is null
      and bulkhead.key_columns(target, (i.indkey::smallint[])[0:cardinality(columns) - 1]) @> columns
      and bulkhead.key_columns(target, (i.indkey::smallint[])[0:cardinality(columns) - 1]) <@ columns);
end;
comment on function bulkhead.has_index_on(regclass, text[]) is 'Whether an index leads with exactly these columns, in any order.';
