import pg from 'pg';
import { readFileSync } from 'node:fs';
import { openBenchDatabase, fillItems, contextOf, tenantId, rowId, request } from './database.ts';
const db = await openBenchDatabase();
await fillItems(db, { tenants: 100, rowsPerTenant: 100 });
await db.asOwner(readFileSync('/tmp/da/variants.sql', 'utf8'));
const tables = [
  'v_one',
  'v_plpgsql',
  'v_nopath',
  'v_sql',
  'v_sqlcase',
  'v_plain',
  'v_triv',
  'v_trivsd',
  'v_trivp',
  'v_noselect',
  'v_live',
  'v_live2',
  'v_live2p',
  'v_live3p',
];
for (const t of tables)
  await db.asSuperuser(
    `set session_replication_role = replica; insert into bench.${t} select * from bench.item; vacuum analyze bench.${t}`.split(
      ';',
    )[1],
  );
for (const t of tables) await db.asSuperuser(`vacuum (analyze) bench.${t}`);
const cpu = (pid) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
const q = (t) => `select id, name, amount, created_at from bench.${t} where id = $1`;
const tid = tenantId(7),
  ctx = contextOf(7);
const tok = db.sealer.seal(ctx);
const mk = async (conf) => {
  const c = new pg.Client(conf);
  await c.connect();
  return c;
};
const ways = {};
const bare = await mk(db.bare);
ways['raw'] = [bare, (i) => bare.query(q('item') + ' and tenant_id = $2', [rowId(7, i % 100), tid])];
ways['raw named'] = [
  bare,
  (i) => bare.query({ name: 'x', text: q('item') + ' and tenant_id = $2', values: [rowId(7, i % 100), tid] }),
];
for (const t of ['item', ...tables])
  for (const named of [false, true]) {
    const c = await mk(db.app);
    ways[`${t} ${named ? 'named' : ''}`] = [
      c,
      async (i) => {
        return c.query({ text: q(t), values: [rowId(7, i % 100)], ...(named && { name: 'n' }) });
      },
    ];
  }
for (const [k, [c]] of Object.entries(ways)) {
  await c.query('begin');
  await c.query(
    "select set_config('bulkhead.context', $1, true), set_config('bulkhead.context2', $2, true)",
    [tok, tid],
  );
  c.bpid = (await c.query('select pg_backend_pid() p')).rows[0].p;
}
const best = {};
const N = 100;
for (let r = 0; r < Number(process.argv[2] ?? 20); r++)
  for (const [k, [c, fn]] of Object.entries(ways)) {
    if (r === 0) for (let i = 0; i < 50; i++) await fn(i);
    const s0 = cpu(c.bpid);
    for (let i = 0; i < N; i++) {
      const x = await fn(i);
      if (x.rows.length !== 1) throw new Error(k + x.rows.length);
    }
    const v = (cpu(c.bpid) - s0) / N;
    (best[k] ??= []).push(v);
  }
for (const [k, a] of Object.entries(best)) {
  a.sort((x, y) => x - y);
  console.log(k.padEnd(22), 'min', a[0].toFixed(1), 'p25', a[a.length >> 2].toFixed(1));
}
for (const [c] of Object.values(ways)) await c.end().catch(() => {});
await db.close();
