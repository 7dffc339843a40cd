import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { factorsOf } from '../../../test/factors.ts';
import { goodPassword, openFixture, type Fixture } from '../../../test/fixture.ts';
import { withMutant } from '../../../test/mutant.ts';
import { issuer, startedFamily, tokensOf } from '../../../test/tokens.ts';
import { stepUp } from '../factor/index.ts';
import { endSessions, SessionCache } from '../index.ts';
import { AccessTokens } from './accessToken.ts';
import { readCanonicalToken } from './canonicalForm.ts';
import { readAccessToken, refresh, type SigningKeys } from './index.ts';

const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const seconds = 1000;

describe('access tokens (AUT-1)', () => {
  let fixture: Fixture;
  let keys: SigningKeys;
  let tokens: ReturnType<typeof tokensOf>;
  let genuine: string;
  let claims: JWTPayload;
  let header: { alg: string; typ: string; kid: string };
  before(async () => {
    fixture = await openFixture();
    tokens = tokensOf(fixture.identity, { remembered: 0 });
    keys = tokens.keys;
    genuine = (await startedFamily(tokens, (await fixture.person()).email)).accessToken;
    const parts = readCanonicalToken(genuine) ?? assert.fail('a token of our own is canonical');
    claims = parts.payload;
    header = parts.header;
  });
  after(() => fixture.close());

  const verifies = async (token: string): Promise<boolean> =>
    (await tokens.accessTokens.verify(token)) !== null;
  const signed = async (
    over: { header?: object; claims?: object; key?: CryptoKey } = {},
  ): Promise<string> => {
    const { current } = await keys.read();
    return new SignJWT({ ...claims, ...over.claims })
      .setProtectedHeader({ ...header, ...over.header })
      .sign(over.key ?? current.sign);
  };
  /** Whatever text as header and payload, with a genuine signature over it. */
  const signedText = async (head: string, body: string): Promise<string> => {
    const input = `${base64url(head)}.${base64url(body)}`;
    const { sign } = (await keys.read()).current;
    const signature = await crypto.subtle.sign('Ed25519', sign, Buffer.from(input));
    return `${input}.${Buffer.from(signature).toString('base64url')}`;
  };

  it('have the form of RFC 9068: typ, kid, and exactly these claims', () => {
    assert.deepEqual(Object.keys(header), ['alg', 'typ', 'kid']);
    assert.deepEqual([header.alg, header.typ], ['EdDSA', 'at+jwt']);
    const names = ['iss', 'aud', 'sub', 'sid', 'client_id', 'jti', 'iat', 'nbf', 'exp'];
    assert.deepEqual(Object.keys(claims), names);
    assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 600);
    assert.equal((claims.iat ?? 0) - (claims.nbf ?? 0), 5);
  });

  it('verify, and so do ones the test signs itself: what follows fails for its own reason', async () => {
    assert.equal(await verifies(genuine), true);
    assert.equal(await verifies(await signed()), true);
    assert.equal(await verifies(await signedText(JSON.stringify(header), JSON.stringify(claims))), true);
  });

  it('are refused unsigned: alg none in every spelling', async () => {
    const unsecured = new UnsecuredJWT(claims).encode();
    const [, payload = '', signature = ''] = genuine.split('.');
    const spellings = ['none', 'None', 'NONE', 'nOnE', ''];
    const forged = spellings.flatMap((alg) => {
      const head = base64url(JSON.stringify({ ...header, alg }));
      return [`${head}.${payload}.`, `${head}.${payload}.${signature}`];
    });
    for (const token of [unsecured, ...forged]) assert.equal(await verifies(token), false, token);
  });

  it('are refused when signed with the public key as a secret (HS256 for EdDSA)', async () => {
    const key = (await keys.find(header.kid)) ?? assert.fail('no key');
    const publicKey = createPublicKey({ key: key.jwk, format: 'jwk' });
    const secrets = [
      publicKey.export({ format: 'pem', type: 'spki' }),
      publicKey.export({ format: 'der', type: 'spki' }),
      Buffer.from(key.jwk.x ?? '', 'base64url'),
      Buffer.from(JSON.stringify(key.jwk)),
    ];
    for (const alg of ['HS256', 'EdDSA']) {
      const input = `${base64url(JSON.stringify({ ...header, alg }))}.${base64url(JSON.stringify(claims))}`;
      for (const secret of secrets) {
        const signature = createHmac('sha256', secret).update(input).digest('base64url');
        assert.equal(await verifies(`${input}.${signature}`), false);
      }
    }
  });

  it('are refused when signed with another algorithm or another key, whatever they call it', async () => {
    const strangers = [
      await generateKeyPair('EdDSA'),
      await generateKeyPair('ES256'),
      await generateKeyPair('RS256'),
    ];
    for (const [index, { privateKey }] of strangers.entries()) {
      const alg = ['EdDSA', 'ES256', 'RS256'][index];
      assert.equal(await verifies(await signed({ header: { alg }, key: privateKey })), false, alg);
    }
  });

  it('bring no key of their own: jwk, jku, x5c, x5u and crit are refused', async () => {
    const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const jwk = await exportJWK(publicKey);
    for (const extra of [
      { jwk },
      { jku: `${issuer}/jwks` },
      { x5u: issuer },
      { x5c: ['MA=='] },
      { b64: true },
    ]) {
      assert.equal(await verifies(await signed({ header: extra, key: privateKey })), false);
      assert.equal(await verifies(await signed({ header: extra })), false, 'even with a genuine signature');
    }
    const critical = JSON.stringify({ ...header, crit: ['exp'] });
    assert.equal(await verifies(await signedText(critical, JSON.stringify(claims))), false);
  });

  it('are refused with an unknown kid, another typ, another issuer or audience (T-40)', async () => {
    const wrong = [
      { header: { kid: 'A'.repeat(43) } },
      { header: { kid: '../../etc/passwd' } },
      { header: { typ: 'JWT' } },
      { header: { typ: 'application/at+jwt' } },
      { header: { typ: 'AT+JWT' } },
      { header: { typ: 'logout+jwt' } },
      { claims: { iss: 'https://evil.example' } },
      { claims: { iss: `${issuer}/` } },
      { claims: { aud: 'https://other.example' } },
      { claims: { aud: [issuer, 'https://other.example'] } },
      { claims: { aud: [issuer] } },
      { claims: { sub: 'not an id' } },
      { claims: { sid: undefined } },
      { claims: { jti: 7 } },
      { claims: { client_id: undefined } },
      { claims: { admin: true } },
    ];
    for (const over of wrong) assert.equal(await verifies(await signed(over)), false, JSON.stringify(over));
  });

  it('know one spelling (T-41): jose alone accepts others', async () => {
    const [head = '', body = '', signature = ''] = genuine.split('.');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = signature.at(-1) ?? '';
    const sibling = signature.slice(0, -1) + (alphabet[alphabet.indexOf(last) ^ 1] ?? '');
    const spellings = {
      'unused bits of the last character': `${head}.${body}.${sibling}`,
      padding: `${head}.${body}.${signature}==`,
      'a blank within': `${head}.${body}.${signature.slice(0, 9)} ${signature.slice(9)}`,
      'a line feed at the end': `${genuine}\n`,
      'the other alphabet': `${head}.${body}.${signature.replaceAll('-', '+').replaceAll('_', '/')}=`,
      'a fourth segment': `${genuine}.`,
      'no signature': `${head}.${body}`,
      'an empty segment': `${head}..${signature}`,
    };
    const { verify } = (await keys.find(header.kid)) ?? assert.fail('no key');
    const accepted: string[] = [];
    for (const [name, token] of Object.entries(spellings)) {
      assert.equal(await verifies(token), false, name);
      const options = { currentDate: new Date(fixture.identity.clock()) };
      await jwtVerify(token, verify, options).then(
        () => accepted.push(name),
        () => undefined,
      );
    }
    assert.ok(accepted.includes('unused bits of the last character'), 'why the check is ours');
  });

  it('say each thing once: a member twice, or JSON in another spelling, is refused though signed', async () => {
    const head = JSON.stringify(header);
    const body = JSON.stringify(claims);
    const twice = (text: string, member: string) => text.replace('{', `{${member},`);
    const forms = [
      [head, twice(body, `"sub":"${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}"`)],
      [head, twice(body, '"exp":99999999999')],
      [twice(head, '"alg":"none"'), body],
      [twice(head, '"kid":"x"'), body],
      [head, body.replace('{', '{ ')],
      [head, body.replace('"sub"', String.raw`"\u0073ub"`)],
      [head, body.replace(/"exp":(\d+)/, '"exp":$1.0')],
      [head, `\uFEFF${body}`],
      [head, `[${body}]`],
      [head, 'null'],
      [head, ''],
      [`{"__proto__":{"alg":"EdDSA"},${head.slice(1)}`, body],
    ];
    for (const [one = '', other = ''] of forms) {
      assert.equal(await verifies(await signedText(one, other)), false, `${one} ${other}`);
    }
  });

  it('are not looked into when huge', async () => {
    const filler = 'x'.repeat(5000);
    assert.equal(await verifies(await signed({ claims: { client_id: filler } })), false);
    assert.equal(await verifies(`${filler}.${filler}.${filler}`), false);
    assert.equal(await verifies('.'.repeat(4000)), false);
  });

  it('hold from five seconds before their making to their end, to the second', async () => {
    const now = Math.floor(fixture.identity.clock() / seconds);
    const at = (over: { iat?: number; nbf?: number; exp?: number }) =>
      signed({
        claims: Object.fromEntries(Object.entries(over).map(([name, offset]) => [name, now + offset])),
      });
    const edges: [boolean, Parameters<typeof at>[0]][] = [
      [true, { iat: 0, nbf: -5, exp: 1 }],
      [false, { iat: -9, nbf: -9, exp: 0 }],
      [false, { iat: -9, nbf: -9, exp: -1 }],
      [true, { iat: 0, nbf: 0, exp: 9 }],
      [false, { iat: 0, nbf: 1, exp: 9 }],
      [true, { iat: 5, nbf: 0, exp: 9 }],
      [false, { iat: 6, nbf: 0, exp: 9 }],
      [true, { iat: 0, nbf: 0, exp: 600 }],
      [false, { iat: 0, nbf: 0, exp: 601 }],
    ];
    for (const [holds, times] of edges)
      assert.equal(await verifies(await at(times)), holds, JSON.stringify(times));
    for (const name of ['exp', 'nbf', 'iat']) {
      for (const value of [undefined, String(now), 1e300, now + 0.5, -1e300, null]) {
        const over = { claims: { iat: now, nbf: now, exp: now + 9, [name]: value } };
        assert.equal(await verifies(await signed(over)), false, `${name} ${value}`);
      }
    }
  });

  it('are remembered once verified, but not past their end, their key or their session', async () => {
    const remembering = tokensOf(fixture.anotherProcess());
    const { accessToken, sessionId } = await startedFamily(remembering, (await fixture.person()).email);
    const session = await readAccessToken(remembering, accessToken);
    assert.equal(session?.id, sessionId);
    assert.equal((await readAccessToken(remembering, accessToken))?.id, sessionId);
    await endSessions(remembering.identity, {
      accountId: session?.account.id ?? '',
      reason: 'ended_elsewhere',
    });
    assert.equal(await readAccessToken(remembering, accessToken), null, 'at once in the same process');
    assert.ok(await remembering.accessTokens.verify(accessToken), 'the token itself is as genuine as before');
    fixture.advance(600 * seconds);
    assert.equal(
      await remembering.accessTokens.verify(accessToken),
      null,
      'its end counts although it is remembered',
    );
  });

  it('see a session’s end in another process within five seconds, at once when asked anew', async () => {
    const [here, there] = [tokensOf(fixture.anotherProcess()), tokensOf(fixture.anotherProcess())];
    const { accessToken } = await startedFamily(here, (await fixture.person()).email);
    const accountId = (await readAccessToken(there, accessToken))?.account.id ?? '';
    await endSessions(here.identity, { accountId, reason: 'account_disabled' });
    fixture.advance(4999);
    assert.ok(await readAccessToken(there, accessToken), 'the bound is no better than it is said to be');
    assert.equal(await readAccessToken(there, accessToken, { fresh: true }), null);
    const third = tokensOf(fixture.anotherProcess());
    assert.equal(await readAccessToken(third, accessToken), null);
    fixture.advance(1);
    assert.equal(await readAccessToken(there, accessToken), null);
  });

  it('mutation: a verified token that is trusted without its session outlives the session', async () => {
    class Trusting extends SessionCache {
      override forgetAccount(): void {}
      override forget(): void {}
    }
    const identity = {
      ...fixture.anotherProcess(),
      sessions: new Trusting({ clock: fixture.identity.clock }),
    };
    const trusting = tokensOf(identity);
    const { accessToken } = await startedFamily(trusting, (await fixture.person()).email);
    const accountId = (await readAccessToken(trusting, accessToken))?.account.id ?? '';
    await endSessions(identity, { accountId, reason: 'ended_elsewhere' });
    assert.ok(await readAccessToken(trusting, accessToken));
  });

  it('mutation: without the check of the form, a second spelling of a token is a token', async () => {
    const [head = '', body = '', signature = ''] = (await signed()).split('.');
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const second = signature.slice(0, -1) + (alphabet[alphabet.indexOf(signature.at(-1) ?? '') ^ 1] ?? '');
    const { verify } = (await keys.find(header.kid)) ?? assert.fail('no key');
    const options = { issuer, audience: issuer, currentDate: new Date(fixture.identity.clock()) };
    const loose = await jwtVerify(`${head}.${body}.${second}`, verify, { ...options, clockTolerance: 7200 });
    assert.equal(loose.payload.sub, claims.sub);
    assert.equal(await verifies(`${head}.${body}.${second}`), false);
  });

  it('are forgotten, the least recently used first, when too many were verified', async () => {
    let signatures = 0;
    const { clock, randomBytes } = fixture.identity;
    const counting = new AccessTokens({
      keys: {
        read: () => keys.read(),
        find: (kid) => {
          signatures += 1;
          return keys.find(kid);
        },
      },
      issuer: () => issuer,
      clock,
      randomBytes,
      remembered: 2,
    });
    const session = { accountId: claims.sub ?? '', sessionId: String(claims['sid']) };
    const issued = await Promise.all(Array.from({ length: 3 }, () => counting.issue(session)));
    const looksUp = async (index: number): Promise<number> => {
      signatures = 0;
      assert.ok(await counting.verify(issued[index]?.token ?? ''));
      return signatures;
    };
    assert.deepEqual(
      [
        await looksUp(0),
        await looksUp(0),
        await looksUp(1),
        await looksUp(2),
        await looksUp(0),
        await looksUp(2),
      ],
      [2, 1, 2, 2, 2, 1],
    );
  });

  it('gain nothing from a later proof of their session: whoever refreshes has it, whoever holds a copy holds nothing', async () => {
    const person = await fixture.person();
    const { accessToken, refreshToken, sessionId } = await startedFamily(tokens, person.email);
    const read = (token: string, using: typeof readAccessToken = readAccessToken) =>
      using(tokens, token, { fresh: true });
    assert.equal((await read(accessToken))?.id, sessionId);
    fixture.advance(6 * seconds);
    const session = { id: sessionId, confinedTo: null, account: { id: person.accountId, operator: false } };
    const proof = { kind: 'password', password: goodPassword } as const;
    await stepUp(factorsOf(fixture), { session, proof, device: {} });
    assert.equal(await read(accessToken), null);
    const refreshed = await refresh(tokens, { refreshToken, device: {} });
    assert.equal((await read(refreshed.accessToken))?.id, sessionId);
    const mutation = {
      file: 'identity/token/readAccess.ts',
      from: 'session.authenticatedAt.getTime() <= (claims.iat + skew) * 1000',
      to: 'true',
    };
    type Exports = { readAccessToken: typeof readAccessToken };
    await withMutant<Exports, void>(mutation, 'identity/token/index.ts', async (mutant) => {
      assert.equal((await read(accessToken, mutant.readAccessToken))?.id, sessionId, 'mutation: it would');
    });
  });
});
