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
