import { after, before, describe } from 'node:test';
import type { Stage } from '../isolation/matrix.ts';
import { entriesAreAppendOnly, entriesShowOwn, kernelIsClosed } from './assertions.ts';
import { openLab } from '../isolation/lab.ts';
import { mutations, type Inspection } from './mutation.ts';

let lab: Stage;
before(async () => {
  lab = await openLab();
});
after(() => lab.database.drop());

const { mutation, harmless } = mutations(() => lab);
const inspection: Inspection = 'unprotected_tables';
const partition = `bulkhead.audit_entry_unplaced`;

describe('AUD-2 audit entries: the assertion and the inspection turn red when', () => {
  mutation('the trigger that refuses changes is disabled', {
    break: 'alter table bulkhead.audit_entry disable trigger audit_entry_append_only',
    assertion: entriesAreAppendOnly,
    inspection,
  });
  // One on the table alone would not do: those on the partitions refuse its truncation too.
  mutation('the triggers that refuse truncation are disabled', {
    break: `do $$ declare name regclass; begin
      for name in select 'bulkhead.audit_entry'::regclass
        union all select inhrelid from pg_inherits where inhparent = 'bulkhead.audit_entry'::regclass loop
        execute format('alter table %s disable trigger audit_entry_no_truncate', name);
      end loop; end $$`,
    assertion: entriesAreAppendOnly,
    inspection,
  });
  mutation('a partition may be truncated', {
    break: `alter table ${partition} disable trigger audit_entry_no_truncate`,
    assertion: entriesAreAppendOnly,
    inspection,
  });
  mutation('row-level security is off', {
    break: 'alter table bulkhead.audit_entry disable row level security',
    assertion: entriesShowOwn,
    inspection,
  });
  mutation('a policy shows all of them', {
    break: 'create policy all_entries on bulkhead.audit_entry for select to bulkhead_app using (true)',
    assertion: entriesShowOwn,
    inspection,
  });
  mutation('the reading policy no longer asks for the company', {
    break:
      'alter policy audit_entry_read_own on bulkhead.audit_entry using (tenant_id = (select bulkhead.tenant_id()))',
    assertion: entriesShowOwn,
    inspection,
  });
  mutation('a partition can be read directly, and has no row-level security', {
    break: `do $$ declare name regclass; begin
      for name in select inhrelid from pg_inherits where inhparent = 'bulkhead.audit_entry'::regclass loop
        execute format('alter table %s disable row level security', name);
        execute format('grant select on %s to bulkhead_app', name);
      end loop; end $$`,
    assertion: entriesShowOwn,
    inspection,
  });
  mutation('the view on them reads with its owner’s rights', {
    break:
      'alter view bulkhead.audit_log owner to postgres; alter view bulkhead.audit_log set (security_invoker = false)',
    assertion: entriesShowOwn,
    inspection,
  });
  for (const privilege of ['insert', 'update', 'delete', 'truncate']) {
    mutation(`the application may ${privilege} them`, {
      break: `grant ${privilege} on bulkhead.audit_entry to bulkhead_app`,
      assertion: kernelIsClosed,
      inspection,
    });
  }
  for (const table of ['context_key', 'registered_table', 'guarded_schema']) {
    mutation(`the application may read bulkhead.${table}`, {
      break: `grant select on bulkhead.${table} to bulkhead_app`,
      assertion: kernelIsClosed,
      inspection,
    });
  }
  harmless('a restrictive policy hides some entries', {
    break: `create policy fewer on bulkhead.audit_entry as restrictive for select to bulkhead_app using (action is not null)`,
    assertion: entriesShowOwn,
    inspection,
  });
});
