import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { TenantPool, type TenantSession } from '@bulkhead/kernel';
import { findingsOf, openLedger, tenantId, type LedgerFixture } from '../../../test/ledgerFixture.ts';
import { checkpointChain, InconsistentChain } from './checkpoint.ts';
import { writeExport } from './exportChain.ts';
import { formatKeys, originOf } from './key.ts';
import { runOffline } from './offline.ts';
import { proveEntry } from './proveEntry.ts';
import { cutChain } from './retention.ts';

const tenant = tenantId(1);

async function opened(t: TestContext): Promise<LedgerFixture> {
  const ledger = await openLedger();
  t.after(() => ledger.close());
  return ledger;
}

/** The application under a sealed context, whatever SQL somebody brings into it. */
function injected(ledger: LedgerFixture): { session: TenantSession; close: () => Promise<void> } {
  const { app } = ledger.database.connections;
  const pool = new TenantPool({ connection: { ...app, max: 1 }, sealer: ledger.database.sealer });
  return {
    session: pool.as({ tenant, actor: { kind: 'account', id: randomUUID() } }),
    close: () => pool.close(),
  };
}

const removeAt = (ledger: LedgerFixture, positions: string): Promise<void> =>
  ledger.tamper(
    `delete from bulkhead.audit_entry where id in (select entry_id from bulkhead.audit_link where tenant_id = '${tenant}' and ${positions})`,
  );

async function exported(ledger: LedgerFixture): Promise<string[]> {
  const auditor = await ledger.connect('auditor');
  const pieces: string[] = [];
  const origin = originOf(ledger.identity, tenant);
  await writeExport(auditor, { chain: tenant, origin, write: async (text) => void pieces.push(text) });
  return pieces.join('').trimEnd().split('\n');
}

async function offline(content: string, ...args: string[]): Promise<{ exit: number; text: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-offline-'));
  try {
    const file = join(folder, 'file');
    await writeFile(file, content);
    let text = '';
    const said = (more: string): void => void (text += more);
    return { exit: await runOffline([file, ...args], { out: said, error: said }), text };
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('AUD-4 AUD-7 what is dressed up as a retention cut', () => {
  test('the application, and SQL injected into it, cannot write the entries that retention and erasure write', async (t) => {
    const ledger = await opened(t);
    const { session, close } = injected(ledger);
    t.after(close);
    for (const action of ['audit.cut', 'audit.erase']) {
      await assert.rejects(
        session.query(
          `select bulkhead.audit_event($1, 'bulkhead.audit_entry', null, '{"before": 1000000}')`,
          [action],
        ),
        { sqlstate: '42501' },
      );
    }
  });

  const pretences = {
    'of an account': ['account', '{"before": 9}'],
    'that reaches beyond itself': ['job', '{"before": 1000000}'],
    'without an object': ['job', 'null'],
    'of a number that is none': ['job', '{"before": "many"}'],
    'of a fraction': ['job', '{"before": 8.5}'],
  } as const;
  for (const [name, [kind, detail]] of Object.entries(pretences)) {
    test(`a cut ${name} excuses no removal, and keeps nobody from checking (T-66, T-68)`, async (t) => {
      const ledger = await opened(t);
      await ledger.write(tenant, 10);
      await ledger.tamper(
        `insert into bulkhead.audit_entry (tenant_id, actor_kind, actor_id, action, target_type, detail)
         values ($1, $2, case when $2 = 'account' then gen_random_uuid() end, 'audit.cut', 'bulkhead.audit_entry', $3)`,
        [tenant, kind, detail],
      );
      await ledger.write(tenant, 2);
      await ledger.sealAndSign();
      assert.deepEqual(findingsOf(await ledger.verify()), [], 'sound before');
      await removeAt(ledger, 'seq = 4');
      assert.deepEqual(findingsOf(await ledger.verify()), ['deleted 4']);
      await removeAt(ledger, 'seq = 11');
      assert.deepEqual(findingsOf(await ledger.verify()), ['deleted 4', 'deleted 11']);
    });
  }

  test('many gaps before a cut do not hide one behind it (T-66)', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 600);
    await ledger.sealAndSign();
    await cutChain(ledger.worker, { chain: tenant, seq: 500, reason: 'seven years have passed' });
    await ledger.sealAndSign();
    await removeAt(ledger, 'seq < 500 and seq % 2 = 0');
    assert.deepEqual(findingsOf(await ledger.verify()), [], 'retention may stop half way');
    await removeAt(ledger, 'seq = 550');
    assert.deepEqual(findingsOf(await ledger.verify()), ['deleted 550']);
  });
});

describe('AUD-4 T-68 what passes, or is called tampering, without having been checked', () => {
  test('an export that begins behind its checkpoints, with entries nobody sealed: could not check', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 8);
    await ledger.sealAndSign();
    const [head = '', ...lines] = await exported(ledger);
    const forged = {
      ...(JSON.parse(head) as object),
      first: 16,
      from: 16,
      to: 24,
      previous: '',
      peaks: [Buffer.alloc(32).toString('base64')],
    };
    const moved = lines.map((line) =>
      JSON.stringify({
        ...(JSON.parse(line) as { seq: number }),
        seq: (JSON.parse(line) as { seq: number }).seq + 16,
        entry: undefined,
      }),
    );
    const key = formatKeys(ledger.identity)[0] ?? '';
    const { exit, text } = await offline(
      [JSON.stringify({ ...forged, to: 16 }), ...moved].join('\n'),
      '--key',
      key,
    );
    assert.equal(exit, 2, text);
  });

  test('an export that gives none of its entries says so', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 8);
    await ledger.sealAndSign();
    const [head = '', ...lines] = await exported(ledger);
    const bare = lines.map((line) => JSON.stringify({ ...(JSON.parse(line) as object), entry: undefined }));
    const key = formatKeys(ledger.identity)[0] ?? '';
    const { exit, text } = await offline(
      [JSON.stringify({ ...(JSON.parse(head) as object), to: 0 }), ...bare].join('\n'),
      '--key',
      key,
    );
    assert.equal(exit, 0, text);
    assert.match(text, /8 entries were not given/);
  });

  test('a folder that holds no checkpoint of the chain was no comparison', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 8);
    await ledger.sealAndSign();
    const lines = await exported(ledger);
    const empty = await mkdtemp(join(tmpdir(), 'bulkhead-no-anchors-'));
    t.after(() => rm(empty, { recursive: true }));
    const key = formatKeys(ledger.identity)[0] ?? '';
    const { exit, text } = await offline(lines.join('\n'), '--key', key, '--anchor', empty);
    assert.equal(exit, 2, text);
  });

  test('a proof and a database under another’s key: nothing is known', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 3);
    await ledger.sealAndSign();
    const other = await opened(t);
    const { rows } = await ledger.forger.query<{ id: string }>(
      'select min(entry_id)::text as id from bulkhead.audit_link',
    );
    const proof = await proveEntry(await ledger.connect('auditor'), { chain: tenant, id: rows[0]?.id ?? '' });
    const { exit, text } = await offline(JSON.stringify(proof), '--key', formatKeys(other.identity)[0] ?? '');
    assert.equal(exit, 2, text);
    await assert.rejects(
      ledger.verify({ name: other.identity.name, verifiers: other.identity.keys, anchors: [] }),
      /key/,
    );
  });

  test('a chain that does not exist was not checked', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 3);
    await ledger.sealAndSign();
    await assert.rejects(ledger.verify({ chain: tenantId(77) }), /There is no chain/);
  });

  test('a server that was slower than another is told so, and cries no wolf', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 5);
    await ledger.sealAndSign();
    await ledger.write(tenant, 5);
    await ledger.sealAndSign();
    const late = await checkpointChain(ledger.parts, { chain: tenant, size: 7 }).catch(
      (error: unknown) => error,
    );
    assert.ok(!(late instanceof InconsistentChain), String(late));
    assert.deepEqual(findingsOf(await ledger.verify()), []);
  });

  test('a role whose search path leads to other functions is not led astray', async (t) => {
    const ledger = await opened(t);
    await ledger.write(tenant, 3);
    await ledger.sealAndSign();
    await ledger.forger.query(`
      create schema decoy; grant usage on schema decoy to public;
      create function decoy.octet_length(text) returns integer language sql immutable return pg_catalog.octet_length(replace($1, 'shop.itam', 'shop.item'));
      create function decoy.convert_to(text, name) returns bytea language sql immutable return pg_catalog.convert_to(replace($1, 'shop.itam', 'shop.item'), $2);
      alter role bulkhead_auditor in database ${ledger.forger.escapeIdentifier(String(ledger.database.connections.superuser.database))} set search_path = decoy, pg_catalog`);
    await ledger.tamper(
      `update bulkhead.audit_entry set target_type = 'shop.itam' where id = (select min(entry_id) from bulkhead.audit_link)`,
    );
    assert.deepEqual(findingsOf(await ledger.verify()), ['edited 0']);
  });
});
