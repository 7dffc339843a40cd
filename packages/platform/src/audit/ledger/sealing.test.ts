import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import type pg from 'pg';
import { findingsOf, openLedger, tenantId, type LedgerFixture } from '../../../test/ledgerFixture.ts';
import { encodeEntry, fieldNames, type EntryFields } from './encoding.ts';
import { leafOf, noLeaf } from './merkle.ts';
import { sealAll, sealBacklog, sealRound } from './seal.ts';

const [one, two, three] = [tenantId(1), tenantId(2), tenantId(3)];

async function opened(t: TestContext): Promise<LedgerFixture> {
  const ledger = await openLedger();
  t.after(() => ledger.close());
  return ledger;
}

const insert = (
  tenant: string,
  detail = 'null',
) => `insert into bulkhead.audit_entry (tenant_id, actor_kind, action, target_type, detail)
  values (${tenant === '' ? 'null' : `'${tenant}'`}, 'account', 'insert', 'shop.item', ${detail}) returning id`;

async function order(ledger: LedgerFixture, tenant: string): Promise<string[]> {
  const { rows } = await ledger.forger.query<{ id: string }>(
    'select entry_id as id from bulkhead.audit_link where tenant_id = $1 order by seq',
    [tenant],
  );
  return rows.map(({ id }) => id);
}

const idOf = async (client: pg.Client, sql: string): Promise<string> =>
  String((await client.query<{ id: string }>(sql)).rows[0]?.id);

describe('AUD-3 sealing', () => {
  test('T-61 T-62 a writer that stays open delays its own entries and nobody else’s, and loses none', async (t) => {
    const ledger = await opened(t);
    const [slow, quick] = [await ledger.connect('superuser'), await ledger.connect('superuser')];
    await slow.query('begin');
    const early = await idOf(slow, insert(one));
    const other = await idOf(quick, insert(one));
    assert.equal((await sealRound(ledger.worker)).sealed, 1);
    assert.deepEqual(await order(ledger, one), [other], 'its later neighbour is sealed already');
    const late = await idOf(slow, insert(one));
    await quick.query(insert(two));
    assert.equal((await sealRound(ledger.worker)).sealed, 1);
    await slow.query('commit');
    assert.equal((await sealRound(ledger.worker)).sealed, 2);
    assert.deepEqual(await order(ledger, one), [other, early, late]);
    assert.equal((await sealRound(ledger.worker)).outcome, 'idle');
    await ledger.sealAndSign();
    assert.deepEqual(findingsOf(await ledger.verify()), []);
  });

  test('T-62 what is rolled back is never sealed, and what was committed before something began stands before it', async (t) => {
    const ledger = await opened(t);
    const [first, second] = [await ledger.connect('superuser'), await ledger.connect('superuser')];
    await first.query('begin');
    const before = await idOf(first, insert(one));
    await second.query('begin');
    await second.query(insert(one));
    await second.query('rollback');
    await first.query('commit');
    const afterwards = await idOf(second, insert(one));
    await sealAll(ledger.worker);
    assert.deepEqual(await order(ledger, one), [before, afterwards]);
  });

  test('T-60 workers at the same moment neither fork nor repeat a chain', async (t) => {
    const ledger = await opened(t);
    for (let round = 0; round < 10; round += 1) {
      await ledger.write(one, 7);
      const rounds = await Promise.all(Array.from({ length: 4 }, () => sealRound(ledger.worker)));
      const sealed = rounds.reduce((sum, { sealed: count }) => sum + count, 0);
      assert.equal(sealed, 7, rounds.map(({ outcome }) => outcome).join());
    }
    assert.equal(new Set(await order(ledger, one)).size, 70);
    await ledger.sealAndSign();
    assert.deepEqual(findingsOf(await ledger.verify()), []);
  });

  test('a round that dies halfway leaves nothing; the next does it all', async (t) => {
    const ledger = await opened(t);
    await ledger.write(one, 5);
    const dying = await ledger.connect('worker');
    await dying.query('begin');
    await dying.query('select bulkhead.seal_audit()');
    assert.equal((await sealRound(ledger.worker)).outcome, 'busy', 'the others do not wait for it');
    await dying.query('rollback');
    assert.equal((await sealRound(ledger.worker)).sealed, 5);
  });

  test('T-61 while a round is open, two connections of one request write one after the other, waiting for nobody', async (t) => {
    const ledger = await opened(t);
    await ledger.write(one, 5);
    const round = await ledger.connect('worker');
    await round.query('begin');
    await round.query('select bulkhead.seal_audit()');
    const [first, second] = [await ledger.connect('superuser'), await ledger.connect('superuser')];
    await first.query(`set lock_timeout = '1ms'; set statement_timeout = '5s'`);
    await second.query(`set lock_timeout = '1ms'; set statement_timeout = '5s'`);
    await first.query('begin');
    await first.query(insert(one));
    await second.query(insert(one));
    await first.query(insert(one));
    await first.query('commit');
    await round.query('commit');
    assert.equal(await sealAll(ledger.worker), 3);
  });

  test('a tenant that wrote a great deal does not hold up the others', async (t) => {
    const ledger = await opened(t);
    await ledger.write(one, 12_000);
    await ledger.write(two, 3);
    const round = await sealRound(ledger.worker);
    assert.deepEqual(round, { outcome: 'sealed', sealed: 3, deferred: 1 });
    await ledger.write(one, 2);
    await ledger.write(three, 4);
    assert.equal((await sealRound(ledger.worker)).sealed, 4, 'its own later entries wait their turn');
    const slices = await Promise.all([sealBacklog(ledger.worker), sealBacklog(ledger.worker)]);
    assert.deepEqual(
      slices.map(String).toSorted(),
      ['5000', 'undefined'],
      'two workers do not take the same chain',
    );
    assert.equal(await sealAll(ledger.worker), 7002);
    const ids = (await order(ledger, one)).map(Number);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
    await ledger.write(one, 1);
    assert.equal((await sealRound(ledger.worker)).sealed, 1, 'and then it is among the others again');
    await ledger.sealAndSign();
    assert.deepEqual(findingsOf(await ledger.verify()), []);
  });

  test('more tenants than a round takes: the smallest first, all in the end', async (t) => {
    const ledger = await opened(t);
    for (const [tenant, count] of [
      [one, 30],
      [two, 20],
      [three, 10],
    ] as const)
      await ledger.write(tenant, count);
    const { rows } = await ledger.worker.query(
      'select sealed::int, deferred from bulkhead.seal_audit(per_round => 35)',
    );
    assert.deepEqual(rows, [{ sealed: 30, deferred: 1 }]);
    assert.equal(await sealAll(ledger.worker), 30);
  });

  test('the service’s own entries are a chain of their own', async (t) => {
    const ledger = await opened(t);
    const client = await ledger.connect('superuser');
    await client.query(insert(''));
    await ledger.write(one, 1);
    await ledger.sealAndSign();
    const reports = await ledger.verify();
    assert.deepEqual(
      reports.map(({ chain, entries }) => [chain, entries]),
      [
        ['00000000-0000-0000-0000-000000000000', 1],
        [one, 1],
      ],
    );
    assert.deepEqual(findingsOf(reports), []);
  });

  test('in a transaction that has written, or sees one moment only, it is refused: its snapshot would lie', async (t) => {
    const ledger = await opened(t);
    const client = await ledger.connect('worker');
    await client.query('begin isolation level repeatable read');
    await assert.rejects(client.query('select bulkhead.seal_audit()'), { code: '25001' });
    await client.query('rollback');
    await client.query('begin');
    await client.query('select pg_current_xact_id()');
    await assert.rejects(client.query('select bulkhead.seal_audit()'), { code: '25001' });
    await client.query('rollback');
  });

  test('restored into another cluster, it goes on without losing or repeating an entry', async (t) => {
    const ledger = await opened(t);
    await ledger.write(one, 5);
    await ledger.sealAndSign();
    await ledger.write(one, 3);
    // What a dump carries over: transaction numbers of a cluster that is not this one.
    await ledger.tamper(
      `update bulkhead.audit_sealer set cluster = 42, sealed_through = '900000000:900000000:'`,
    );
    assert.equal((await sealRound(ledger.worker)).sealed, 3);
    await ledger.write(one, 2);
    assert.equal((await sealRound(ledger.worker)).sealed, 2);
    await ledger.sealAndSign();
    assert.deepEqual(findingsOf(await ledger.verify()), []);
    assert.equal(
      (await ledger.worker.query<{ n: string }>('select bulkhead.rebase_audit_sealing() as n')).rows[0]?.n,
      '0',
    );
  });

  test('summarising the index changes nothing about what is found', async (t) => {
    const ledger = await opened(t);
    for (let round = 0; round < 3; round += 1) {
      await ledger.write(one, 4000);
      await ledger.worker.query('select bulkhead.summarize_audit()');
      await sealAll(ledger.worker);
    }
    const { rows } = await ledger.forger.query<{ pages: string }>(
      'select sum(pages) as pages from bulkhead.audit_summary',
    );
    assert.ok(Number(rows[0]?.pages) >= 128, 'ranges were summarised');
    assert.equal((await order(ledger, one)).length, 12_000);
  });
});

describe('AUD-2 the chain', () => {
  test('is changed by no role, and read by each as far as it may', async (t) => {
    const ledger = await opened(t);
    await ledger.write(one, 2);
    await ledger.write(two, 2);
    await ledger.sealAndSign();
    for (const table of ['audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut']) {
      for (const change of [
        `update bulkhead.${table} set tenant_id = tenant_id`,
        `delete from bulkhead.${table}`,
        `truncate bulkhead.${table} cascade`,
      ]) {
        for (const role of ['app', 'identity', 'worker', 'auditor'] as const) {
          const client = await ledger.connect(role);
          await assert.rejects(client.query(change), /permission denied|read-only/, `${role}: ${change}`);
        }
        if (table === 'audit_link' || table === 'audit_checkpoint') {
          await assert.rejects(ledger.forger.query(change), { code: '42501' }, `superuser: ${change}`);
        }
      }
    }
    const app = await ledger.connect('app');
    const seen = async () =>
      (await app.query<{ tenant_id: string }>('select distinct tenant_id from bulkhead.audit_link')).rows;
    assert.deepEqual(await seen(), []);
    const actor = { kind: 'account', id: one } as const;
    const under = async (context: Parameters<typeof ledger.database.sealer.seal>[0]) => {
      await app.query(`select set_config('bulkhead.context', $1, false)`, [
        ledger.database.sealer.seal(context),
      ]);
      return seen();
    };
    assert.deepEqual(await under({ tenant: one, actor }), [{ tenant_id: one }]);
    assert.deepEqual(
      await under({ tenant: one, company: two, actor }),
      [],
      'a company’s own view has no whole chain',
    );
    await assert.rejects(app.query('select bulkhead.seal_audit()'), { code: '42501' });
  });
});

describe('T-63 T-64 the bytes hashed in SQL and here are the same', () => {
  const values: [name: string, json: string][] = [
    ['key order', `{"b": 1, "a": 2}`],
    ['numbers', `[1, 1.0, 1e0, 1.00, 123456789012345678901234567890.12345678901234567890, 1E400]`],
    ['NUL escape', String.raw`{"n": "\u0000"}`],
    ['lone surrogate', String.raw`["\ud800", "\udc00x"]`],
    ['emoji, both ways', String.raw`["😀", "\ud83d\ude00", "é", "é"]`],
    ['white space', `{ "a"  :\n\t[ ] }`],
    ['same key twice', `{"a": 1, "a": 2}`],
    ['deep nesting', `${'['.repeat(500)}${']'.repeat(500)}`],
    ['a null that is a value', 'null'],
  ];
  const columns = fieldNames.map((name) =>
    name === 'occurred_at'
      ? '(extract(epoch from e.occurred_at) * 1000000)::bigint::text as occurred_at'
      : `e.${name}::text as ${name}`,
  );
  const times = [
    '2026-11-21 00:00:00+00',
    '2026-11-21 00:00:00.000001+00',
    '2026-11-21 13:14:15.654321+05:30',
    '1969-12-31 23:59:59.999999+00',
  ];
  test('for json of every kind, times with and without sub-seconds, addresses and empty texts', async (t) => {
    const ledger = await opened(t);
    for (const [name, json] of values) {
      for (const time of times) {
        await ledger.forger.query(
          `insert into bulkhead.audit_entry (tenant_id, occurred_at, actor_kind, action, target_type, ip, user_agent, request_id, after, before)
           values ($1, $2, 'account', 'insert', $3, '2001:db8::/48', '', E'a\\nb:3:', $4::json, null)`,
          [one, time, name, json],
        );
      }
    }
    await ledger.sealAndSign();
    for (const zone of ['UTC', 'Asia/Kolkata']) {
      await ledger.forger.query(
        `set timezone = '${zone}'; set datestyle = 'German, DMY'; set extra_float_digits = 0; set bytea_output = 'escape'`,
      );
      const { rows } = await ledger.forger.query<EntryFields & { bytes: Buffer; leaf: Buffer }>(
        `select ${columns.join(', ')}, bulkhead.audit_entry_bytes(e) as bytes, leaf
         from bulkhead.audit_entry e join bulkhead.audit_link l on l.entry_id = e.id order by l.seq`,
      );
      assert.equal(rows.length, values.length * times.length);
      let previous: Buffer = noLeaf;
      for (const row of rows) {
        assert.ok(encodeEntry(row).equals(row.bytes), `${row.target_type} ${row.occurred_at}`);
        previous = leafOf(previous, row.bytes);
        assert.ok(previous.equals(row.leaf), String(row.target_type));
      }
      assert.equal(rows.find(({ target_type: type }) => type === 'numbers')?.after, values[1]?.[1]);
    }
    assert.deepEqual(findingsOf(await ledger.verify()), []);
  });
});
