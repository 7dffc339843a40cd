import pg from 'pg';
import { readFileSync } from 'node:fs';
import { Flight } from '../packages/kernel/src/flight.ts';
import { startTestServer, createTestDatabase } from '../test/harness/index.ts';
const major = Number(process.argv[2] ?? 18);
const server = await startTestServer({ major });
const database = await createTestDatabase({ server });
const seal = database.sealer.seal({
  tenant: '00000000-0000-4000-8000-000000000001',
  actor: { kind: 'account', id: '00000000-0000-4000-8000-000000000001' },
});
const RQ = JSON.stringify({
  id: '0b7c2f5e-8d1a-4c39-9a3e-5f6d7c8b9a01',
  ip: '203.0.113.7',
  agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
});
const cpu = (pid) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
const P = 'pg_catalog.set_config';
const s1 = { text: `select ${P}('bulkhead.context',$1,true)`, values: [seal] };
const s1n = { text: `select where ${P}('bulkhead.context',$1,true) is null`, values: [seal] };
const s1u = {
  text: `select ${P}('bulkhead.context',$1,true), pg_catalog.pg_advisory_unlock_all()`,
  values: [seal],
};
const s2 = {
  text: `select ${P}('bulkhead.context',$1,true), ${P}('bulkhead.request',$2,true)`,
  values: [seal, RQ],
};
const s2n = {
  text: `select where ${P}('bulkhead.context',$1,true) is null or ${P}('bulkhead.request',$2,true) is null`,
  values: [seal, RQ],
};
const s2u = {
  text: `select ${P}('bulkhead.context',$1,true), ${P}('bulkhead.request',$2,true), pg_catalog.pg_advisory_unlock_all()`,
  values: [seal, RQ],
};
const pin = {
  text:
    `select ${P}('bulkhead.context',$1,true), ${P}('bulkhead.request',$2,true), ` +
    [
      'search_path=public',
      'TimeZone=UTC',
      'DateStyle=ISO',
      'row_security=on',
      'statement_timeout=30s',
      'bulkhead.deleted=',
      'client_encoding=UTF8',
      'standard_conforming_strings=on',
    ]
      .map((x) => `${P}('${x.split('=')[0]}','${x.split('=')[1]}',true)`)
      .join(','),
  values: [seal, RQ],
};
const reset = { text: 'reset all', values: [] },
  role = { text: 'reset role', values: [] };
const q = { text: 'select 1 as a', values: [], describe: true };
const shapes = {
  'query alone': [q],
  context: [s1, q],
  'context, no echo': [s1n, q],
  'context+unlock': [s1u, q],
  'context+request': [s2, q],
  'context+request, no echo': [s2n, q],
  'context+request+unlock': [s2u, q],
  'pin 8 settings': [pin, q],
  'reset all first': [reset, s2u, q],
  'clean-up after': [s2u, q, reset, role, s2u],
};
const fly = (c, steps, wanted) =>
  new Promise((res, rej) => c.query(new Flight({ steps, wanted }, (e, f) => (e ? rej(e) : res(f)))));
const ways = [];
for (const [k, steps] of Object.entries(shapes))
  for (const named of [false, true]) {
    const c = new pg.Client(database.connections.app);
    await c.connect();
    const pid = (await c.query('select pg_backend_pid() p')).rows[0].p;
    let st = named
      ? steps.map((s) => ({
          ...s,
          name: 'n' + Buffer.from(s.text).toString('hex').slice(0, 40) + s.text.length,
        }))
      : steps;
    if (named) {
      await fly(c, st, steps.indexOf(q));
      st = st.map((s) => ({ ...s, parse: false }));
    }
    ways.push([k + (named ? ' (named)' : ''), c, pid, st, steps.indexOf(q)]);
  }
const best = {};
for (let r = 0; r < 40; r++)
  for (const [k, c, pid, st, w] of ways) {
    const s0 = cpu(pid);
    for (let i = 0; i < 100; i++) await fly(c, st, w);
    (best[k] ??= []).push((cpu(pid) - s0) / 100);
  }
for (const [k, a] of Object.entries(best)) {
  a.sort((x, y) => x - y);
  console.log(k.padEnd(36), a[0].toFixed(1), a[a.length >> 2].toFixed(1));
}
for (const [, c] of ways) await c.end();
await database.drop();
await server.stop();
