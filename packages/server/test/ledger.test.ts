import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  auditIdentity,
  chainsToCheckpoint,
  checkpointChain,
  formatKeys,
  parseCheckpoint,
  parseNote,
  proofHolds,
  sealAll,
  signaturesOf,
  verifiersFor,
  type EntryProof,
} from '@bulkhead/platform/audit/ledger';
import pg from 'pg';
import { openServer, send, signUp, type Fixture, type Person } from './fixture.ts';

const identity = auditIdentity({ seed: Buffer.alloc(32, 5), name: 'books.example.com' });

let fixture: Fixture;
let owner: Person;
let stranger: Person;

before(async () => {
  fixture = await openServer();
  [owner, stranger] = [await signUp(fixture.url), await signUp(fixture.url)];
});
after(() => fixture.close());

/** What a server's duties do, done here at once. */
async function sealAndSign(): Promise<void> {
  const pool = new pg.Pool({ ...fixture.database.connections.worker, max: 2 });
  try {
    await sealAll(pool);
    for (const due of await chainsToCheckpoint(pool))
      await checkpointChain({ pool, identity, anchors: [] }, due);
  } finally {
    await pool.end();
  }
}

const call = (person: Person, path: string, company?: string) =>
  send(fixture.url, `/api/audit${path}`, { cookie: person.cookie, tenant: person.tenant, company });

test('AUD-4 a tenant takes away its checkpoint and the proof of an entry, and nobody else’s', async () => {
  const unsigned = await call(owner, '/checkpoint');
  assert.equal(unsigned.status, 200);
  assert.equal(unsigned.json['note'], null);
  const made = await send(fixture.url, '/api/companies', {
    cookie: owner.cookie,
    tenant: owner.tenant,
    json: { name: 'North' },
  });
  assert.equal(made.status, 201, made.text);
  await sealAndSign();

  const checkpoint = await call(owner, '/checkpoint');
  const note = parseNote(String(checkpoint.json['note']));
  const { origin, size } = parseCheckpoint(note.text);
  assert.equal(origin, `books.example.com/audit/${owner.tenant}`);
  assert.deepEqual([checkpoint.json['size'], checkpoint.json['sealed']], [size, size]);
  assert.equal(signaturesOf(note, verifiersFor(identity.keys, origin)).length, 1);

  const entries = (await call(owner, '/entries')).json['entries'] as { id: string }[];
  const id = entries[0]?.id ?? '';
  const proof = await call(owner, `/entries/${id}/proof`);
  assert.equal(proof.status, 200, proof.text);
  assert.ok(proofHolds(proof.json as unknown as EntryProof, identity.keys));

  const foreign = await call(stranger, `/entries/${id}/proof`);
  assert.deepEqual([foreign.status, foreign.json['code']], [404, 'entry_unproven']);
  assert.equal((await call(stranger, '/entries/999999999/proof')).json['code'], 'entry_unproven');
  assert.equal((await call(owner, '/entries/0x1/proof')).status, 400);
  assert.equal(
    (await send(fixture.url, `/api/audit/entries/${id}/proof`, { tenant: owner.tenant })).status,
    401,
  );
});

test('AUD-4 the keys are published to everybody; without a key there are none', async () => {
  const empty = await fetch(`${fixture.url}/.well-known/bulkhead-audit-keys`);
  assert.deepEqual([empty.status, await empty.text()], [200, '']);
  assert.equal(formatKeys(identity).length, 1);
});

test('AUD-4 a tenant is told when its chain was kept outside and checked, and nobody else’s', async () => {
  await sealAndSign();
  const before = await call(owner, '/checkpoint');
  assert.deepEqual([before.json['anchors'], before.json['check']], [[], null], 'this server checks nothing');
  const worker = new pg.Client(fixture.database.connections.worker);
  await worker.connect();
  try {
    for (const place of ['directory /srv/anchors', 's3://bucket/p/', 'witness w.example']) {
      await worker.query('select bulkhead.record_audit_anchoring($1, $2, 3)', [owner.tenant, place]);
    }
    await worker.query('select bulkhead.record_audit_anchoring($1, $2, 2)', [
      owner.tenant,
      'witness w.example',
    ]);
    const record = 'select bulkhead.record_audit_verification($1, $2, $3, $4, $5, $6, $7, $8)';
    const position = [3, [Buffer.alloc(32, 1), Buffer.alloc(32, 2)], Buffer.alloc(32, 3)];
    await worker.query(record, [owner.tenant, 'sound', null, ...position, true, '1 hour']);
    await worker.query(record, [
      owner.tenant,
      'tampered',
      'edited at 1: …',
      9,
      [],
      Buffer.alloc(32),
      true,
      '0',
    ]);
    const { rows } = await worker.query<{ size: string; peaks: Buffer[]; whole: boolean }>(
      'select size, peaks, sound_at = whole_at and sound_at < checked_at as whole from bulkhead.audit_verification where tenant_id = $1',
      [owner.tenant],
    );
    assert.deepEqual(
      rows.map(({ size, peaks, whole }) => [size, peaks.length, whole]),
      [['3', 2, true]],
      'the next check begins where the last sound one ended',
    );
  } finally {
    await worker.end();
  }
  const { json, text } = await call(owner, '/checkpoint');
  const anchors = json['anchors'] as { kind: string; size: number }[];
  assert.deepEqual(anchors.map(({ kind, size }) => `${kind} ${size}`).toSorted(), [
    'bucket 3',
    'folder 3',
    'witness 3',
  ]);
  const check = json['check'] as { outcome: string; finding: string; overdue: boolean; soundAt: string };
  assert.deepEqual([check.outcome, check.finding, check.overdue], ['tampered', 'edited at 1: …', true]);
  assert.ok(check.soundAt);
  assert.ok(!text.includes('/srv'), 'where copies are is not told');
  assert.equal((await call(stranger, '/checkpoint')).json['check'], null);
});
