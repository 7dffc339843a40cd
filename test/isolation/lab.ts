import pg from 'pg';
import { setStage, type Stage } from './matrix.ts';
import { createTestDatabase, type TestServer } from '../harness/index.ts';

const standard = `
  id uuid not null default gen_random_uuid(),
  tenant_id uuid not null default bulkhead.claimed_tenant_id(),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz,
  code text not null`;
const company = 'company_id uuid not null default bulkhead.claimed_company_id()';

/** One table of each kind that the kernel treats differently. */
const schema = `
create schema lab;
grant usage on schema lab to bulkhead_app, bulkhead_worker, bulkhead_auditor;
create table lab.folder (${standard}, constraint folder_pkey primary key (tenant_id, id),
  constraint folder_code_unique unique (tenant_id, code));
create table lab.note (${standard}, ${company}, folder_id uuid not null,
  constraint note_pkey primary key (tenant_id, id),
  constraint note_company_key unique (tenant_id, company_id, id),
  constraint note_folder_fkey foreign key (tenant_id, folder_id) references lab.folder (tenant_id, id));
create table lab.diary (${standard}, account_id uuid not null default bulkhead.claimed_account_id(),
  constraint diary_pkey primary key (tenant_id, id));
create table lab.label (${standard}, ${company}, note_id uuid not null,
  constraint label_pkey primary key (tenant_id, id),
  constraint label_note_fkey foreign key (tenant_id, company_id, note_id) references lab.note (tenant_id, company_id, id));
create table lab.event (${standard}, constraint event_pkey primary key (tenant_id, id)) partition by hash (tenant_id);
create table lab.event_0 partition of lab.event for values with (modulus 2, remainder 0);
create table lab.event_1 partition of lab.event for values with (modulus 2, remainder 1);
select bulkhead.protect_table('lab.folder');
select bulkhead.protect_table('lab.note', 'company');
select bulkhead.protect_table('lab.diary', 'user');
select bulkhead.protect_table('lab.label', 'company', '{"delete": "hard"}');
select bulkhead.protect_table('lab.event', 'tenant', '{"write": "append"}');
create view lab.note_codes with (security_invoker = true) as select tenant_id, code from lab.note;
grant select on lab.note_codes to bulkhead_app;
select bulkhead.guard_schema('lab')`;

/** A sound database, to be cloned and broken. */
export async function openLab(server?: TestServer): Promise<Stage> {
  const database = await createTestDatabase(server === undefined ? {} : { server });
  const owner = new pg.Client(database.connections.owner);
  await owner.connect();
  try {
    await owner.query(schema);
  } finally {
    await owner.end();
  }
  return setStage(database);
}
