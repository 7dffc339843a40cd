import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../../test/harness/index.ts';
import { ContextError, ContextSealer, openContext, type Context, type ContextKey } from '../src/context.ts';

type Vectors = {
  key: { id: string; secret: string };
  now: number;
  accepted: { name: string; context: Context; expiry?: number; token: string }[];
  refused: { name: string; token: string }[];
};

const vectors = JSON.parse(
  readFileSync(new URL('../context-vectors.json', import.meta.url), 'utf8'),
) as Vectors;
const vectorKey: ContextKey = { id: vectors.key.id, secret: Buffer.from(vectors.key.secret, 'hex') };
const vectorClock = (): number => vectors.now * 1000;

describe('ISO-5 the token, against the published vectors', () => {
  for (const vector of vectors.accepted) {
    test(`seals and opens: ${vector.name}`, () => {
      const lifetimeSeconds = (vector.expiry ?? vectors.now + 60) - vectors.now;
      const sealer = new ContextSealer({ key: vectorKey, clock: vectorClock, lifetimeSeconds });
      assert.equal(sealer.seal(vector.context), vector.token);
      const { keyId, expiresAt, ...context } = openContext(vector.token, {
        keys: [vectorKey],
        clock: vectorClock,
      });
      assert.deepEqual(context, vector.context);
      assert.equal(keyId, vectors.key.id);
      assert.equal(expiresAt.getTime(), (vectors.now + lifetimeSeconds) * 1000);
    });
  }
  for (const { name, token } of vectors.refused) {
    test(`refuses: ${name}`, () => {
      assert.throws(() => openContext(token, { keys: [vectorKey], clock: vectorClock }), ContextError);
    });
  }
});

describe('the sealer', () => {
  const context: Context = {
    tenant: '3f0c1c9e-8a51-4f0e-9f6d-2b1d5f4f7a10',
    actor: { kind: 'account', id: '6e1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b' },
  };

  test('hands out a token again for half its life and never one with less than half left', () => {
    let now = vectors.now * 1000;
    const sealer = new ContextSealer({ key: vectorKey, clock: () => now });
    const first = sealer.seal(context);
    now += 29_999;
    assert.equal(sealer.seal(context), first);
    now += 1;
    assert.notEqual(sealer.seal(context), first);
  });

  test('forgets the oldest token first when it is full', () => {
    const sealer = new ContextSealer({ key: vectorKey, clock: vectorClock, cacheSize: 1 });
    const other = { ...context, company: '9b2f7d64-0c7e-4f57-8f0b-51d6a2f3c4e5' };
    assert.notEqual(sealer.seal(context), sealer.seal(other));
    assert.equal(sealer.seal(other), sealer.seal(other));
  });

  test('refuses ids that would let one field run into the next', () => {
    const sealer = new ContextSealer({ key: vectorKey });
    for (const tenant of [
      '',
      'a.b',
      '*',
      `${context.tenant}.*`,
      context.tenant.toUpperCase(),
      `${context.tenant}\n`,
    ]) {
      assert.throws(() => sealer.seal({ ...context, tenant }), { code: 'context_invalid' });
    }
  });

  test('refuses an agent that acts for nobody', () => {
    const sealer = new ContextSealer({ key: vectorKey });
    const agent = { kind: 'agent', id: context.actor.id } as const;
    assert.throws(() => sealer.seal({ ...context, actor: agent }), { code: 'context_invalid' });
  });

  test('refuses a key or a life out of range', () => {
    assert.throws(() => new ContextSealer({ key: { id: 'short', secret: vectorKey.secret } }), ContextError);
    assert.throws(
      () => new ContextSealer({ key: { id: vectorKey.id, secret: new Uint8Array(31) } }),
      ContextError,
    );
    for (const lifetimeSeconds of [0, 901, 1.5, Number.NaN]) {
      assert.throws(() => new ContextSealer({ key: vectorKey, lifetimeSeconds }), ContextError);
    }
  });

  test('opens only what was sealed: any change of one character is refused', () => {
    const token = new ContextSealer({ key: vectorKey, clock: vectorClock }).seal(context);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const changed = token.slice(0, at) + String.fromCharCode(code) + token.slice(at + 1);
        if (changed === token) return;
        assert.throws(() => openContext(changed, { keys: [vectorKey], clock: vectorClock }), ContextError);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('ISO-5 the database verifies the seal', () => {
  let database: TestDatabase;
  let app: pg.Client;
  const context: Context = {
    tenant: '3f0c1c9e-8a51-4f0e-9f6d-2b1d5f4f7a10',
    company: '9b2f7d64-0c7e-4f57-8f0b-51d6a2f3c4e5',
    actor: { kind: 'account', id: '6e1a2b3c-4d5e-4f60-8a7b-9c0d1e2f3a4b' },
  };

  before(async () => {
    database = await createTestDatabase();
    app = new pg.Client(database.connections.app);
    await app.connect();
  });
  after(async () => {
    await app.end();
    await database.drop();
  });

  type Seen = { tenant: string | null; company: string | null; all: boolean | null; account: string | null };

  async function read(token: string | undefined): Promise<Seen> {
    await app.query('begin');
    try {
      if (token !== undefined) await app.query(`select set_config('bulkhead.context', $1, true)`, [token]);
      const { rows } = await app.query<Seen>(
        `select bulkhead.tenant_id() tenant, bulkhead.company_id() company, bulkhead.all_companies() "all", bulkhead.account_id() account`,
      );
      return rows[0]!;
    } finally {
      await app.query('rollback');
    }
  }

  function sealed(payload: string, secret: Uint8Array = database.key.secret): string {
    return `${payload}.${createHmac('sha256', secret).update(payload).digest('hex')}`;
  }

  function payload(change: { version?: string; key?: string; life?: number } = {}): string {
    const expiry = Math.floor(Date.now() / 1000) + (change.life ?? 60);
    return `${change.version ?? 'bh1'}.${change.key ?? database.key.id}.${expiry}.${context.tenant}.*.account.${context.actor.id}.-`;
  }

  const refused = { code: '42501', message: 'bulkhead: the context is not valid' };

  test('reads what was sealed', async () => {
    assert.deepEqual(await read(database.sealer.seal(context)), {
      tenant: context.tenant,
      company: context.company,
      all: false,
      account: context.actor.id,
    });
    assert.deepEqual(await read(database.sealer.seal({ tenant: context.tenant, actor: context.actor })), {
      tenant: context.tenant,
      company: null,
      all: true,
      account: context.actor.id,
    });
  });

  test('the account is the one an agent acts for, and nobody for a job', async () => {
    const agent = { kind: 'agent', id: context.company!, onBehalfOf: context.actor.id } as const;
    assert.equal(
      (await read(database.sealer.seal({ tenant: context.tenant, actor: agent }))).account,
      context.actor.id,
    );
    const job = { kind: 'job', id: context.actor.id } as const;
    assert.equal((await read(database.sealer.seal({ tenant: context.tenant, actor: job }))).account, null);
  });

  const nothing = { tenant: null, company: null, all: null, account: null };

  test('T-16 absent, or empty as a local setting is after its transaction: nothing', async () => {
    assert.deepEqual(await read(undefined), nothing);
    assert.deepEqual(await read(''), nothing);
    await read(database.sealer.seal(context));
    assert.deepEqual(await read(undefined), nothing);
  });

  const forgeries: Record<string, () => string> = {
    'sealed with another secret': () => sealed(payload(), Buffer.alloc(32)),
    'of an unknown key': () => sealed(payload({ key: '00000000' })),
    'of another version': () => sealed(payload({ version: 'bh2' })),
    'expired a second ago': () => sealed(payload({ life: -1 })),
    'that lives longer than 900 seconds': () => sealed(payload({ life: 910 })),
    'with the tenant changed': () => sealed(payload()).replace(context.tenant, context.company!),
    'with the actor changed': () => sealed(payload()).replace('account', 'operator'),
    'cut off': () => sealed(payload()).slice(0, -1),
    'with a byte more': () => `${sealed(payload())}0`,
    'with the mac in upper case': () =>
      sealed(payload()).replace(/[0-9a-f]{64}$/, (mac) => mac.toUpperCase()),
    'without a mac': () => payload(),
    'that is one dot': () => '.',
    'that is not ASCII': () => `bh1.${'\u{1f6a2}'.repeat(80)}`,
    'that is a megabyte': () => `bh1.${'0'.repeat(1 << 20)}`,
  };
  for (const [name, forge] of Object.entries(forgeries)) {
    test(`42501 for a token ${name}`, async () => {
      await assert.rejects(read(forge()), refused);
    });
  }

  test('a token at the limit of 900 seconds is accepted', async () => {
    assert.equal((await read(sealed(payload({ life: 895 })))).tenant, context.tenant);
  });

  test('keys rotate with overlap: both are accepted, then the retired one is refused', async () => {
    const owner = new pg.Client(database.connections.owner);
    await owner.connect();
    try {
      const next: ContextKey = { id: 'abcdef01', secret: Buffer.alloc(32, 9) };
      await owner.query('select bulkhead.register_context_key($1, $2)', [next.id, next.secret]);
      await owner.query('select bulkhead.register_context_key($1, $2)', [next.id, next.secret]);
      const token = new ContextSealer({ key: next }).seal(context);
      assert.equal((await read(token)).tenant, context.tenant);
      assert.equal((await read(database.sealer.seal(context))).tenant, context.tenant);
      await owner.query('select bulkhead.retire_context_key($1)', [next.id]);
      await assert.rejects(read(token), refused);
      assert.equal((await read(database.sealer.seal(context))).tenant, context.tenant);
      await assert.rejects(
        owner.query('select bulkhead.register_context_key($1, $2)', [next.id, Buffer.alloc(32, 8)]),
        { code: '23505' },
      );
      await assert.rejects(
        owner.query('select bulkhead.register_context_key($1, $2)', ['12345678', Buffer.alloc(16)]),
        {
          code: '22023',
        },
      );
      await assert.rejects(owner.query(`select bulkhead.retire_context_key('ffffffff')`), { code: '22023' });
    } finally {
      await owner.end();
    }
  });

  test('no runtime role reads the keys or calls what makes them', async () => {
    for (const role of ['app', 'identity', 'worker', 'auditor'] as const) {
      const client = new pg.Client(database.connections[role]);
      await client.connect();
      try {
        await assert.rejects(client.query('select * from bulkhead.context_key'), { code: '42501' });
        await assert.rejects(client.query(`select bulkhead.hmac_pad('\\x00', 1)`), { code: '42501' });
        await assert.rejects(client.query(`select bulkhead.register_context_key('00000001', '\\x00')`), {
          code: '42501',
        });
      } finally {
        await client.end();
      }
    }
  });

  test('T-15 the functions are not IMMUTABLE: a cached plan follows the context', async () => {
    const other = { ...context, tenant: context.company! };
    for (const each of [context, other, context, other, context, other, context]) {
      await app.query('begin');
      await app.query(`select set_config('bulkhead.context', $1, true)`, [database.sealer.seal(each)]);
      const { rows } = await app.query<{ tenant: string }>({
        name: 'who',
        text: 'select bulkhead.tenant_id() tenant',
      });
      await app.query('commit');
      assert.equal(rows[0]?.tenant, each.tenant);
    }
  });
});
