import { randomUUID } from 'node:crypto';
import { TenantPool, type TenantSession } from '@bulkhead/kernel';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';
import { openBooks } from '../src/profile/open.ts';

/** A company with open books and a session that acts for it. */
export type TestCompany = {
  tenant: string;
  company: string;
  session: TenantSession;
  /** Ledger account ids by code of the standard chart. */
  accounts: Map<string, string>;
};

export type TestBooks = {
  database: TestDatabase;
  db: TenantPool;
  /** Makes a tenant with one company whose books start on 2020-01-01. */
  company(options?: { tenant?: string; currency?: string }): Promise<TestCompany>;
  /** Makes a tenant with one company whose books are not open. */
  emptyCompany(): Promise<Omit<TestCompany, 'accounts'>>;
  /** A connection of its own as a role, with the company's context for the whole session. */
  connect(role: 'app' | 'owner', company: TestCompany): Promise<pg.Client>;
  close(): Promise<void>;
};

const actor = { kind: 'account', id: '3f0c6f3e-8a55-4a5e-9d51-0c5a35a1e001' } as const;

/** A database of its own with all migrations, and the pools to it. */
export async function openTestBooks(): Promise<TestBooks> {
  const database = await createTestDatabase({ template: 'full' });
  const db = new TenantPool({
    connection: { ...database.connections.app, max: 20 },
    sealer: database.sealer,
  });
  const clients: pg.Client[] = [];
  return {
    database,
    db,
    connect: async (role, company) => {
      const client = await connectAs(database, role, company);
      clients.push(client);
      return client;
    },
    emptyCompany: async () => {
      const made = await makeCompany(database, undefined);
      return { ...made, session: db.as({ ...made, actor }) };
    },
    company: async ({ tenant, currency = 'EUR' } = {}) => {
      const made = await makeCompany(database, tenant);
      const session = db.as({ ...made, actor });
      await session.transaction((tx) =>
        openBooks(tx, {
          legalName: 'Test GmbH',
          taxId: null,
          currency,
          fiscalYearStartMonth: 1,
          timeZone: 'UTC',
          startsOn: '2020-01-01',
        }),
      );
      const { rows } = await session.query<{ code: string; id: string }>(
        'select code, id from books.ledger_account',
      );
      return { ...made, session, accounts: new Map(rows.map(({ code, id }) => [code, id])) };
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.end()));
      await db.close();
      await database.drop();
    },
  };
}

async function connectAs(
  database: TestDatabase,
  role: 'app' | 'owner',
  { tenant, company }: TestCompany,
): Promise<pg.Client> {
  const client = new pg.Client(database.connections[role]);
  await client.connect();
  await client.query(`select set_config('bulkhead.context', $1, false)`, [
    database.sealer.seal({ tenant, company, actor }),
  ]);
  return client;
}

async function makeCompany(
  database: TestDatabase,
  existing: string | undefined,
): Promise<{ tenant: string; company: string }> {
  const tenant = existing ?? randomUUID();
  const company = randomUUID();
  const owner = new pg.Client(database.connections.owner);
  await owner.connect();
  try {
    await owner.query(`select set_config('bulkhead.context', $1, false)`, [
      database.sealer.seal({ tenant, actor }),
    ]);
    if (existing === undefined) await owner.query(`insert into tenants.tenant (name) values ('Test')`);
    await owner.query('insert into tenants.company (id, name) values ($1, $2)', [
      company,
      `Company ${company}`,
    ]);
  } finally {
    await owner.end();
  }
  return { tenant, company };
}

/** A customer of the company. */
export async function addCustomer(
  { session }: TestCompany,
  code = `C-${randomUUID().slice(0, 8).toUpperCase()}`,
) {
  const { rows } = await session.query<{ id: string }>(
    'insert into books.customer (code, name) values ($1, $2) returning id',
    [code, `Customer ${code}`],
  );
  return (rows[0] as { id: string }).id;
}

export type DraftOptions = { issuedOn?: string; unitPrice?: string; lines?: number; customer?: string };

/** A draft with lines over one unit each at 19 % tax. */
export async function addDraft(company: TestCompany, options: DraftOptions = {}): Promise<string> {
  const { issuedOn = '2024-03-15', unitPrice = '100', lines = 1 } = options;
  const customer = options.customer ?? (await addCustomer(company));
  const { rows } = await company.session.query<{ id: string }>(
    'insert into books.invoice (customer_id, issued_on, due_on) values ($1, $2, $2) returning id',
    [customer, issuedOn],
  );
  const { id } = rows[0] as { id: string };
  if (lines > 0) {
    await company.session.query(
      `insert into books.invoice_line (invoice_id, position, description, quantity, unit_price, tax_rate)
       select $1, n, 'Work', 1, $2, 19 from generate_series(1, $3::int) n`,
      [id, unitPrice, lines],
    );
  }
  return id;
}
