import pg from 'pg';
import { readFileSync } from 'node:fs';
import { openBenchDatabase, fillItems, contextOf, tenantId, rowId, request } from './database.ts';
import { TenantPool } from '../packages/kernel/src/index.ts';
const db = await openBenchDatabase();
await fillItems(db, { tenants: 100, rowsPerTenant: 100 });
if (process.argv[2]) await db.asOwner(readFileSync(process.argv[2], 'utf8'));
const N = Number(process.argv[3] ?? 3000);
const cpu = (pid) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
const text = 'select id, name, amount, created_at from bench.item where id = $1';
async function measure(name, pid, fn) {
  for (let i = 0; i < 300; i++) await fn(i);
  const t: number[] = [],
    s: number[] = [],
    c: number[] = [];
  for (let r = 0; r < 5; r++) {
    const c0 = process.cpuUsage(),
      s0 = cpu(pid),
      t0 = performance.now();
    for (let i = 0; i < N; i++) await fn(i);
    const cu = process.cpuUsage(c0);
    t.push(((performance.now() - t0) * 1000) / N);
    s.push((cpu(pid) - s0) / N);
    c.push((cu.user + cu.system) / N);
  }
  const med = (a) => a.sort((x, y) => x - y)[2].toFixed(1);
  console.log(name.padEnd(34), 'server', med(s), 'client', med(c), 'wall', med(t));
}
const bare = db.pool(db.bare, 1);
const pidOf = async (p) => (await p.query('select pg_backend_pid() as p')).rows[0].p;
const bp = await pidOf(bare);
const tid = tenantId(7),
  ctx = contextOf(7);
await measure('raw', bp, (i) => bare.query(text + ' and tenant_id = $2', [rowId(7, i % 100), tid]));
await measure('raw named', bp, (i) =>
  bare.query({ name: 'x', text: text + ' and tenant_id = $2', values: [rowId(7, i % 100), tid] }),
);
for (const statements of ['unnamed', 'named'] as const) {
  const tp = db.tenantPool(1, { statements });
  const s = tp.as(ctx, request);
  const p = await pidOf(s);
  await measure('select 1 ' + statements, p, () => s.query('select 1'));
  await measure('sealed ' + statements, p, (i) => s.query(text, [rowId(7, i % 100)]));
  await measure('sealed+tenant ' + statements, p, (i) =>
    s.query(text + ' and tenant_id = $2', [rowId(7, i % 100), tid]),
  );
  await measure('tenant_id() ' + statements, p, (i) =>
    s.query('select 1 where bulkhead.tenant_id() is not null'),
  );
}
const app = db.pool(db.app, 1);
const ap = await pidOf(app);
await measure('select 1 app raw', ap, () => app.query('select 1 where $1', [true]));
const c = await app.connect();
await c.query('begin');
await c.query("select set_config('bulkhead.context', $1, true)", [db.sealer.seal(ctx)]);
await measure('in tx unnamed', ap, (i) => c.query(text, [rowId(7, i % 100)]));
await measure('in tx named', ap, (i) => c.query({ name: 'q', text, values: [rowId(7, i % 100)] }));
await measure('in tx bare named tenant_id()', ap, (i) =>
  c.query({ name: 'q2', text: 'select bulkhead.tenant_id()' }),
);
await measure('in tx bare named claimed()', ap, (i) =>
  c.query({ name: 'q3', text: 'select bulkhead.claimed_tenant_id()' }),
);
await measure('in tx bare named select 1', ap, (i) => c.query({ name: 'q4', text: 'select 1' }));
console.log(
  (await c.query('explain (costs off) ' + text, [rowId(7, 1)])).rows.map((r) => r['QUERY PLAN']).join('\n'),
);
await c.query('rollback');
c.release();
await db.close();
