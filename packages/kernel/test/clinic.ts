import pg from 'pg';
import { createTestDatabase, startTestServer } from '../../../test/harness/index.ts';
import { TenantPool, type TenantSession } from '../src/index.ts';

export const tenant = '11111111-1111-4111-8111-111111111111';
export const other = '22222222-2222-4222-8222-222222222222';
export const company = 'aaaaaaaa-1111-4111-8111-111111111111';
export const actor = { kind: 'account', id: '99999999-9999-4999-8999-999999999999' } as const;

const columns = `id uuid not null default gen_random_uuid() primary key,
  tenant_id uuid not null default bulkhead.claimed_tenant_id(), created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(), deleted_at timestamptz`;
const schema = `
  create schema clinic; grant usage on schema clinic to bulkhead_app;
  create table clinic.patient (${columns}, company_id uuid not null default bulkhead.claimed_company_id(),
    code text, name text, email text, diagnosis text);
  select bulkhead.protect_table('clinic.patient', 'company',
    '{"personal": {"columns": ["name", "email"]}, "sensitive": ["diagnosis"]}');
  create table clinic.visit (${columns}, patient_id uuid not null, note text);
  select bulkhead.protect_table('clinic.visit', 'tenant',
    '{"personal": {"columns": ["note"], "subject": "patient_id"}, "delete": "hard"}')`;

export type Entry = {
  id: string;
  action: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
};

/** Patients with personal and sensitive columns, and visits that are about a patient, on a server of their own. */
export type Clinic = {
  owner: pg.Client;
  worker: pg.Client;
  superuser: pg.Client;
  as: (of?: string) => TenantSession;
  /** A patient with this name, an address made of it, and a diagnosis. */
  patient: (name: string) => Promise<string>;
  entriesOf: (id: string) => Promise<Entry[]>;
  close(): Promise<void>;
};

export async function openClinic(): Promise<Clinic> {
  const server = await startTestServer({});
  const database = await createTestDatabase({ server });
  const [owner, worker, superuser] = await Promise.all(
    (['owner', 'worker', 'superuser'] as const).map(async (role) => {
      const client = new pg.Client(database.connections[role]);
      await client.connect();
      return client;
    }),
  );
  if (owner === undefined || worker === undefined || superuser === undefined)
    throw new Error('no connection');
  await owner.query(schema);
  const pool = new TenantPool({ connection: database.connections.app, sealer: database.sealer });
  const as = (of = tenant): TenantSession =>
    pool.as({ tenant: of, company, actor }, { id: 'req-9', ip: '203.0.113.9' });
  return {
    owner,
    worker,
    superuser,
    as,
    patient: async (name) => {
      const { rows } = await as().query<{ id: string }>(
        `insert into clinic.patient (code, name, email, diagnosis) values ('P-1', $1, $2, 'asthma') returning id`,
        [name, `${name}@clinic.example`],
      );
      return rows[0]?.id ?? '';
    },
    entriesOf: async (id) => {
      const text =
        'select id::text, action, before, after from bulkhead.audit_entry where target_id = $1 order by id';
      return (await as().query<Entry>(text, [id])).rows;
    },
    close: async () => {
      await Promise.all([pool.close(), owner.end(), worker.end(), superuser.end()]);
      await database.drop();
      await server.stop();
    },
  };
}
