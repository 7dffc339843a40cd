import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import {
  digestOfCall,
  MemoryReplays,
  ServiceSigner,
  serviceTokenHeader,
  ServiceTokenError,
  ServiceVerifier,
  type ServiceCall,
  type ServiceRefusal,
  type ServiceUser,
} from './index.ts';

type Vector = { name: string; token: string; call: { method: string; target: string; bodyHex: string } };
type Vectors = {
  now: number;
  audience: string;
  keys: { id: string; secret: string; issuer: string }[];
  accepted: (Vector & { requestDigest: string; user: ServiceUser })[];
  refused: (Vector & { reason: ServiceRefusal })[];
};

const vectors = JSON.parse(
  await readFile(new URL('../../../../docs/service-token-vectors.json', import.meta.url), 'utf8'),
) as Vectors;

const key = { id: '1f3a9c04', secret: randomBytes(32), issuer: 'gateway' };
const user: ServiceUser = {
  tenant: '0b6f1c86-3f0e-4f53-9d62-6a4d0b7c2f11',
  actor: { kind: 'account', id: 'c2a4f1d8-77aa-4c19-8a55-0f7d6b5e4c3b' },
  permissions: ['books:invoice.read'],
};
const call: ServiceCall = { method: 'POST', target: '/orders', body: '{"quantity":2}' };
const at = 1_900_000_000_000;

const signed = (options: { audience?: string; clock?: number } = {}): string =>
  new ServiceSigner({ key, clock: () => options.clock ?? at }).sign({
    audience: options.audience ?? 'orders',
    user,
    call,
  });
const verifierAt = (now: number): ServiceVerifier =>
  new ServiceVerifier({ audience: 'orders', keys: [key], clock: () => now });
const refusedAs = (reason: ServiceRefusal) => (error: unknown) =>
  error instanceof ServiceTokenError &&
  error.reason === reason &&
  error.message === 'the service token is not valid';

describe('the signed user token between services (ACC-5)', () => {
  it('tells what was signed, and nothing else decides (T-46)', async () => {
    assert.deepEqual(await verifierAt(at).verify(signed(), call), { issuer: 'gateway', user });
  });

  for (const { name, token, call: sent, user: expected, requestDigest } of vectors.accepted) {
    it(`vector accepted: ${name}`, async () => {
      const verifier = vectorVerifier();
      const body = Buffer.from(sent.bodyHex, 'hex');
      assert.equal(digestOfCall({ ...sent, body }), requestDigest);
      assert.deepEqual((await verifier.verify(token, { ...sent, body })).user, expected);
      await assert.rejects(verifier.verify(token, { ...sent, body }), refusedAs('replayed'));
    });
  }

  for (const { name, reason, token, call: sent } of vectors.refused) {
    it(`vector refused: ${name}`, async () => {
      const body = Buffer.from(sent.bodyHex, 'hex');
      await assert.rejects(vectorVerifier().verify(token, { ...sent, body }), refusedAs(reason));
    });
  }

  it('no change of a single bit verifies', async () => {
    const bytes = Buffer.from(signed());
    const verifier = verifierAt(at);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      // oxlint-disable-next-line no-await-in-loop -- each on its own
      await assert.rejects(
        verifier.verify(altered.toString('latin1'), call),
        ServiceTokenError,
        `bit ${bit}`,
      );
    }
    await verifier.verify(bytes.toString(), call);
  });

  it('no random text verifies, and none crashes', async () => {
    const verifier = verifierAt(at);
    const parts = signed().split('.');
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      fc
        .tuple(fc.nat(parts.length - 1), fc.string({ maxLength: 70 }))
        .map(([index, text]) => parts.map((part, at_) => (at_ === index ? text : part)).join('.'))
        .filter((text) => text !== parts.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        await assert.rejects(verifier.verify(text, call), ServiceTokenError);
      }),
      { numRuns: 500 },
    );
  });

  it('what is signed is what is read, for every user of the right form', async () => {
    const permission = fc
      .tuple(fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/), fc.stringMatching(/^[a-z]{1,8}$/))
      .map(([module, noun]) => `${module}:${noun}.read`);
    const users = fc.record<ServiceUser>({
      tenant: fc.uuid(),
      company: fc.option(fc.uuid(), { nil: undefined }),
      actor: fc.record({
        kind: fc.constantFrom('account', 'api_key', 'service', 'job', 'operator', 'agent'),
        id: fc.uuid(),
        onBehalfOf: fc.uuid(),
      }),
      permissions: fc.uniqueArray(permission, { maxLength: 20 }).map((list) => list.toSorted()),
    });
    await fc.assert(
      fc.asyncProperty(users, fc.string(), async (given, target) => {
        const sent = { method: 'GET', target };
        const token = new ServiceSigner({ key, clock: () => at }).sign({
          audience: 'orders',
          user: given,
          call: sent,
        });
        const { user: read } = await verifierAt(at).verify(token, sent);
        assert.deepEqual(read, JSON.parse(JSON.stringify(given)));
      }),
    );
  });

  it('nothing of a wrong form can be signed', () => {
    const signer = new ServiceSigner({ key });
    const sign = (change: Partial<ServiceUser>, audience = 'orders') =>
      signer.sign({ audience, user: { ...user, ...change }, call });
    const wrong = [
      () => sign({ tenant: 'T' }),
      () => sign({ tenant: user.tenant.toUpperCase() }),
      () => sign({ permissions: ['b:c.d', 'a:c.d'] }),
      () => sign({ permissions: ['a:c.d', 'a:c.d'] }),
      () => sign({ permissions: ['a:c.d,b:c.d'] }),
      () => sign({ actor: { kind: 'agent', id: user.actor.id } }),
      () => sign({}, 'Orders'),
      () => sign({}, 'orders.x'),
    ];
    for (const attempt of wrong) assert.throws(attempt, TypeError);
  });

  it('lives 60 seconds, and forgives an issuer 5 seconds ahead: the edges', async () => {
    const token = signed();
    for (const [offset, outcome] of [
      [-5000, undefined],
      [-5001, 'early'],
      [59_999, undefined],
      [60_000, 'expired'],
    ] as const) {
      const verified = verifierAt(at + offset).verify(token, call);
      // oxlint-disable-next-line no-await-in-loop -- each on its own
      await (outcome === undefined ? verified : assert.rejects(verified, refusedAs(outcome)));
    }
  });

  it('is taken once, also by many at once', async () => {
    const verifier = verifierAt(at);
    const token = signed();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => verifier.verify(token, call)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('what does not verify is not remembered: nobody can spend another’s token', async () => {
    const verifier = verifierAt(at);
    const token = signed();
    await assert.rejects(verifier.verify(token, { ...call, body: 'x' }), refusedAs('request_differs'));
    await verifier.verify(token, call);
  });

  it('a full memory refuses; a failing one lets nothing through', async () => {
    let now = at;
    const replays = new MemoryReplays({ clock: () => now, capacity: 2 });
    const verifier = new ServiceVerifier({ audience: 'orders', keys: [key], clock: () => now, replays });
    await verifier.verify(signed(), call);
    await verifier.verify(signed(), call);
    await assert.rejects(verifier.verify(signed(), call), refusedAs('replayed'));
    now += 60_000;
    await verifier.verify(signed({ clock: now }), call);
    const broken = new ServiceVerifier({
      audience: 'orders',
      keys: [key],
      clock: () => at,
      replays: { take: () => Promise.reject(new Error('unreachable')) },
    });
    await assert.rejects(broken.verify(signed(), call), /unreachable/);
  });

  it('keys rotate with two at once; a retired key is unknown', async () => {
    const next = { id: '1f3a9c05', secret: randomBytes(32), issuer: 'gateway' };
    const withKeys = (keys: (typeof key)[]) =>
      new ServiceVerifier({ audience: 'orders', keys, clock: () => at });
    const byNext = new ServiceSigner({ key: next, clock: () => at }).sign({ audience: 'orders', user, call });
    await withKeys([key, next]).verify(signed(), call);
    await withKeys([key, next]).verify(byNext, call);
    await assert.rejects(withKeys([next]).verify(signed(), call), refusedAs('key_unknown'));
    assert.throws(() => withKeys([key, { ...next, id: key.id }]), RangeError);
    assert.throws(() => withKeys([{ ...key, secret: randomBytes(16) }]), RangeError);
  });

  it('a service that verifies goes by the token alone: a body that names another user changes nothing (T-46)', async () => {
    const verifier = new ServiceVerifier({ audience: 'orders', keys: [key], clock: () => at });
    const service = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const header = request.headers[serviceTokenHeader];
        const sent = { method: request.method ?? '', target: request.url ?? '', body: Buffer.concat(chunks) };
        verifier.verify(Array.isArray(header) ? header.join(', ') : header, sent).then(
          (verified) => response.end(JSON.stringify(verified.user)),
          () => response.writeHead(401).end(),
        );
      });
    });
    await new Promise<void>((resolve) => void service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as AddressInfo;
    const other = '11111111-1111-4111-8111-111111111111';
    const body = JSON.stringify({ userId: other, tenant: other, actor: { id: other } });
    const target = `/orders?userId=${other}`;
    const token = new ServiceSigner({ key, clock: () => at }).sign({
      audience: 'orders',
      user,
      call: { method: 'POST', target, body },
    });
    const ask = (headers: HeadersInit) =>
      fetch(`http://127.0.0.1:${port}${target}`, { method: 'POST', headers, body });
    const answer = await ask({ [serviceTokenHeader]: token, 'x-user-id': other });
    assert.deepEqual(await answer.json(), user);
    assert.equal((await ask({ 'x-user-id': other })).status, 401);
    assert.equal(
      (
        await ask([
          [serviceTokenHeader, token],
          [serviceTokenHeader, token],
        ])
      ).status,
      401,
    );
    await new Promise((resolve) => void service.close(resolve));
  });
});

describe('mutations of the service token’s verifier: without a check its attack succeeds (ACC-5)', () => {
  type Attack = { check: string; token: () => string; sent?: ServiceCall; twice?: boolean };

  // The line that is taken out of the verifier's source, and the attack it stands against.
  const attacks: Record<string, Attack> = {
    mac: {
      check: "throw new ServiceTokenError('mac_wrong');",
      token: () => signed().replace(user.tenant, '11111111-1111-4111-8111-111111111111'),
    },
    issuer: {
      check: "throw new ServiceTokenError('issuer_wrong');",
      token: () =>
        new ServiceSigner({ key: { ...key, issuer: 'billing' }, clock: () => at }).sign({
          audience: 'orders',
          user,
          call,
        }),
    },
    audience: {
      check: "throw new ServiceTokenError('audience_wrong');",
      token: () => signed({ audience: 'files' }),
    },
    early: {
      check: "throw new ServiceTokenError('early');",
      token: () => signed({ clock: at + 3_600_000 }),
    },
    expired: {
      check: "throw new ServiceTokenError('expired');",
      token: () => signed({ clock: at - 3_600_000 }),
    },
    request: {
      check: "throw new ServiceTokenError('request_differs');",
      token: () => signed(),
      sent: { ...call, body: '{"quantity":2000}' },
    },
    replay: {
      check: "throw new ServiceTokenError('replayed');",
      token: () => signed(),
      twice: true,
    },
  };

  for (const [name, { check, token: make, sent = call, twice = false }] of Object.entries(attacks)) {
    it(name, async () => {
      const token = make();
      const mutant = await verifierWithout(check);
      if (twice) await mutant.verify(token, sent);
      await mutant.verify(token, sent);
      const strict = verifierAt(at);
      if (twice) await strict.verify(token, sent);
      await assert.rejects(strict.verify(token, sent), ServiceTokenError);
    });
  }
});

/** The verifier with one statement of its source taken out. */
async function verifierWithout(statement: string): Promise<ServiceVerifier> {
  const source = await readFile(new URL('verifier.ts', import.meta.url), 'utf8');
  assert.equal(source.split(statement).length, 2, `verifier.ts has one ${statement}`);
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-mutant-'));
  const file = join(folder, 'verifier.ts');
  const mutated = source
    .replace(statement, '{}')
    .replaceAll(
      /'\.\/([a-z]+)\.ts'/gi,
      (_all, part) => `'${new URL(`${String(part)}.ts`, import.meta.url).href}'`,
    );
  await writeFile(file, mutated);
  try {
    const module = (await import(pathToFileURL(file).href)) as {
      ServiceVerifier: typeof ServiceVerifier;
    };
    return new module.ServiceVerifier({ audience: 'orders', keys: [key], clock: () => at });
  } finally {
    await rm(folder, { recursive: true });
  }
}

function vectorVerifier(): ServiceVerifier {
  return new ServiceVerifier({
    audience: vectors.audience,
    keys: vectors.keys.map(({ id, secret, issuer }) => ({ id, secret: Buffer.from(secret, 'hex'), issuer })),
    clock: () => vectors.now * 1000,
  });
}
