import { after, before, describe } from 'node:test';
import type { Stage } from '../isolation/matrix.ts';
import {
  changesAreAudited,
  everyTableIsRegistered,
  matrix,
  relationsShowOwnRows,
  type Assertion,
} from './assertions.ts';
import { openLab } from '../isolation/lab.ts';
import { mutations, type Inspection } from './mutation.ts';

let lab: Stage;
before(async () => {
  lab = await openLab();
});
after(() => lab.database.drop());

const { mutation, harmless } = mutations(() => lab);
const inspection: Inspection = 'unprotected_tables';

/** The cells of one table that one role tries. */
const cells = (table: string, role: 'app' | 'owner', operations = /./): Assertion =>
  matrix({ roles: [role], tables: [table], operations });

describe('T-1 T-3 T-4 row-level security: the matrix and the inspection turn red when', () => {
  mutation('the owner is no longer held by it (no force)', {
    break: 'alter table lab.note no force row level security',
    assertion: cells('lab.note', 'owner', /^select$/),
    inspection,
  });
  mutation('it is off', {
    break: 'alter table lab.note disable row level security',
    assertion: cells('lab.note', 'app', /^select$/),
    inspection,
  });
  for (const [policy, table, operations] of [
    ['bulkhead_opener', 'lab.note', /^select$/],
    ['bulkhead_tenant', 'lab.folder', /^select$/],
    ['bulkhead_company', 'lab.note', /^select$/],
    ['bulkhead_user', 'lab.diary', /^select$/],
    ['bulkhead_live', 'lab.folder', /^count$/],
    ['bulkhead_born', 'lab.folder', /^insert backdated$/],
  ] as const) {
    mutation(`policy ${policy} is dropped`, {
      break: `drop policy ${policy} on ${table}`,
      assertion: cells(table, 'app', operations),
      inspection,
    });
  }
  for (const [policy, table] of [
    ['bulkhead_tenant', 'lab.folder'],
    ['bulkhead_company', 'lab.note'],
    ['bulkhead_user', 'lab.diary'],
  ] as const) {
    mutation(`the with check of ${policy} is weakened`, {
      break: `alter policy ${policy} on ${table} with check (true)`,
      assertion: cells(table, 'app', /^insert$/),
      inspection,
    });
    mutation(`the using of ${policy} is weakened`, {
      break: `alter policy ${policy} on ${table} using (true)`,
      assertion: cells(table, 'app', /^(select|update)$/),
      inspection,
    });
    mutation(`${policy} holds everybody but the application`, {
      break: `alter policy ${policy} on ${table} to bulkhead_owner`,
      assertion: cells(table, 'app', /^select$/),
      inspection,
    });
  }
  mutation('a narrow policy for another role becomes a wide one', {
    break: `create policy wide on lab.folder for select to bulkhead_worker using (true);
      grant select on lab.folder to bulkhead_worker`,
    assertion: matrix({ roles: ['worker'], tables: ['lab.folder'], operations: /^select$/ }),
    inspection,
  });
});

describe('T-4 the walls are restrictive: nothing changes when', () => {
  harmless('somebody adds a permissive policy for all rows', {
    break: 'create policy open on lab.note to bulkhead_app using (true) with check (true)',
    assertion: cells('lab.note', 'app'),
    inspection,
  });
  harmless('somebody adds another restrictive policy', {
    break: 'create policy narrower on lab.note as restrictive to bulkhead_app using (code is not null)',
    assertion: cells('lab.note', 'app'),
    inspection,
  });
});

describe('T-10 T-11 keys: the matrix and the inspection turn red when', () => {
  mutation('a foreign key does not carry the tenant', {
    break: `alter table lab.note drop constraint note_folder_fkey; create unique index folder_id on lab.folder (id);
      alter table lab.note add constraint note_folder_fkey foreign key (folder_id) references lab.folder (id)`,
    assertion: cells('lab.note', 'app', /^(refer|repoint)/),
    inspection,
  });
  mutation('a foreign key does not carry the company', {
    break: `alter table lab.label drop constraint label_note_fkey;
      alter table lab.label add constraint label_note_fkey foreign key (tenant_id, note_id) references lab.note (tenant_id, id)`,
    assertion: cells('lab.label', 'app', /^(refer|repoint)/),
    inspection,
  });
  mutation('a foreign key is gone', {
    break: 'alter table lab.label drop constraint label_note_fkey; drop table lab.note cascade',
    assertion: cells('lab.label', 'app', /^(refer|repoint)/),
    inspection,
  });
  mutation('the check of a foreign key is switched off', {
    break: `do $$ declare name text; begin
      select t.tgname into name from pg_trigger t join pg_constraint c on c.oid = t.tgconstraint
      where c.conname = 'label_note_fkey' and t.tgrelid = 'lab.label'::regclass and t.tgfoid = '"RI_FKey_check_ins"'::regproc;
      execute format('alter table lab.label disable trigger %I', name); end $$`,
    assertion: cells('lab.label', 'app', /^refer/),
    inspection,
  });
  mutation('a unique key spans tenants', {
    break: 'create unique index folder_code on lab.folder (code)',
    assertion: cells('lab.folder', 'app', /^take values$/),
    inspection,
  });
  mutation('a unique key spans companies', {
    break: 'create unique index note_code on lab.note (tenant_id, code)',
    assertion: cells('lab.note', 'app', /^take values$/),
    inspection,
  });
});

describe('T-9 privileges: the matrix and the inspection turn red when', () => {
  for (const privilege of ['truncate', 'references', 'trigger', 'delete', 'update']) {
    mutation(`the application holds ${privilege} on a table`, {
      break: `grant ${privilege} on lab.event to bulkhead_app`,
      assertion: cells('lab.event', 'app'),
      inspection,
    });
  }
  for (const column of ['references (id)', 'update (tenant_id)', 'update (id)']) {
    mutation(`the application holds ${column}`, {
      break: `grant ${column} on lab.note to bulkhead_app`,
      assertion: cells('lab.note', 'app', /^(move|references)/),
      inspection,
    });
  }
  mutation('everybody may read a table', {
    break: 'grant select on lab.note to public',
    assertion: matrix({ roles: ['worker'], tables: ['lab.note'], operations: /^select$/ }),
    inspection,
  });
  mutation('everybody may read a column', {
    break: 'grant select (code) on lab.note to public',
    assertion: matrix({ roles: ['worker'], tables: ['lab.note'], operations: /^count$/ }),
    inspection,
  });
  mutation('a table belongs to the application', {
    break:
      'grant create on schema lab to bulkhead_app; alter table lab.note owner to bulkhead_app; revoke create on schema lab from bulkhead_app',
    assertion: cells('lab.note', 'app', /^(move|references|trigger)/),
    inspection,
  });
});

describe('triggers: the matrix and the inspection turn red when', () => {
  for (const [trigger, table, operations] of [
    ['bulkhead_stamp', 'lab.note', /^move/],
    ['bulkhead_no_delete', 'lab.note', /^delete$/],
    ['bulkhead_no_truncate', 'lab.label', /^truncate$/],
  ] as const) {
    mutation(`${trigger} is disabled`, {
      break: `alter table ${table} disable trigger ${trigger}`,
      assertion: cells(table, 'owner', operations),
      inspection,
    });
  }
  for (const operation of ['insert', 'update']) {
    mutation(`the audit of ${operation} is disabled`, {
      break: `alter table lab.folder disable trigger bulkhead_audit_${operation}`,
      assertion: changesAreAudited,
      inspection,
    });
    mutation(`the audit of ${operation} runs on replicas only`, {
      break: `alter table lab.folder enable replica trigger bulkhead_audit_${operation}`,
      assertion: changesAreAudited,
      inspection,
    });
  }
});

describe('T-6 T-8 ways round a table: the assertion and the inspection turn red when', () => {
  mutation('a view reads with its owner’s rights', {
    break:
      'create view lab.codes as select tenant_id, code from lab.note; grant select on lab.codes to bulkhead_app',
    assertion: relationsShowOwnRows,
    inspection,
  });
  mutation('a view stops reading with its caller’s rights', {
    break:
      'alter view lab.note_codes owner to postgres; alter view lab.note_codes set (security_invoker = false)',
    assertion: relationsShowOwnRows,
    inspection,
  });
  mutation('a materialized view is readable', {
    break:
      'create materialized view lab.copied as select tenant_id, code from lab.note; grant select on lab.copied to bulkhead_app',
    assertion: relationsShowOwnRows,
    inspection,
  });
  mutation('partitions can be read directly', {
    break: 'grant select on lab.event_0, lab.event_1 to bulkhead_app',
    assertion: relationsShowOwnRows,
    inspection,
  });
  mutation('a table is copied with its rows', {
    break: `create table public.notes (like lab.note including all); insert into public.notes select * from lab.note;
      grant usage on schema public to bulkhead_app; grant select on public.notes to bulkhead_app`,
    assertion: relationsShowOwnRows,
    inspection,
  });
  mutation('a rule copies what is written to where others read it', {
    break: `create table lab.sink (tenant_id uuid, code text); select bulkhead.share_table('lab.sink', 'a sink for a test');
      insert into lab.sink select tenant_id, code from lab.folder;
      create rule copy as on insert to lab.folder do also insert into lab.sink values (new.tenant_id, new.code)`,
    assertion: relationsShowOwnRows,
    inspection,
  });
  mutation('a table of a guarded schema is not registered', {
    break: 'create table lab.forgotten (id uuid primary key, tenant_id uuid not null)',
    assertion: everyTableIsRegistered,
    inspection,
  });
});
