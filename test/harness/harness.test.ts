import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, startTestServer } from './index.ts';

test('clones are independent and each role may connect', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase({ template: 'full' })]);
  try {
    for (const [role, connection] of Object.entries(one.connections)) {
      const client = new pg.Client(connection);
      await client.connect();
      const { rows } = await client.query<{ user: string; database: string }>(
        'select current_user as user, current_database() as database',
      );
      await client.end();
      assert.equal(rows[0]?.user, role === 'superuser' ? 'postgres' : `bulkhead_${role}`);
      assert.equal(rows[0]?.database, one.name);
    }
    assert.notEqual(one.name, two.name);
  } finally {
    await Promise.all([one.drop(), two.drop()]);
  }
});

test('a context sealed with the database’s key is accepted, one sealed with another database’s is not', async () => {
  const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const tenant = '6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11';
  const actor = { kind: 'service', id: '0b1a4a3e-6d7c-4d55-8a4f-7e1d2c3b4a59' } as const;
  const client = new pg.Client(one.connections.app);
  await client.connect();
  const tenantUnder = async (token: string) => {
    await client.query(`select set_config('bulkhead.context', $1, false)`, [token]);
    return (await client.query<{ tenant: string }>('select bulkhead.tenant_id() as tenant')).rows[0]?.tenant;
  };
  try {
    assert.equal(await tenantUnder(one.sealer.seal({ tenant, actor })), tenant);
    await assert.rejects(tenantUnder(two.sealer.seal({ tenant, actor })), { code: '42501' });
  } finally {
    await client.end();
    await Promise.all([one.drop(), two.drop()]);
  }
});

test('the server of a killed test process is ended by the next', async () => {
  const script = `
    import { startTestServer } from './test/harness/index.ts';
    console.log(JSON.stringify((await startTestServer()).admin));
    setInterval(() => {}, 1000);
  `;
  const killed = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(killed.stdout, 'data')) as [Buffer];
  const admin = JSON.parse(line.toString()) as pg.ClientConfig;
  killed.kill('SIGKILL');
  await once(killed, 'close');
  await connected(admin);
  await (await startTestServer()).stop();
  await assert.rejects(connected(admin), { code: 'ECONNREFUSED' });
});

async function connected(connection: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  await client.end();
}
