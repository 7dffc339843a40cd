import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { excerpt } from './excerpt.ts';
import { judge, maximumAttempts, readRetryAfter, retryWaits } from './retry.ts';
import { signatureHeaders, writeSecret } from './signature.ts';

const failed = { status: 500, error: 'status_500', answer: null, retryAfter: null };

describe('a signed message (EDG-6)', () => {
  const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });

  it('verifies with the official library, whatever it says; and not with one bit changed', () => {
    fc.assert(
      fc.property(
        secret,
        fc.tuple(fc.string({ unit: 'binary' }), fc.uuid()),
        fc.nat(),
        (key, [data, id], place) => {
          const body = JSON.stringify({ data });
          const headers = signatureHeaders([key], { id: `evt_${id}`, at: Date.now(), body });
          const official = new Webhook(writeSecret(key));
          assert.deepEqual(official.verify(body, headers), { data });
          const bytes = Buffer.from(body);
          const at = place % bytes.length;
          bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
          assert.throws(() => official.verify(bytes.toString('latin1'), headers));
          assert.throws(() => official.verify(body, { ...headers, 'webhook-id': 'evt_other' }));
        },
      ),
    );
  });

  it('equals what the official library signs', () => {
    fc.assert(
      fc.property(secret, fc.string(), (key, body) => {
        const at = 1_700_000_000_999;
        const headers = signatureHeaders([key], { id: 'evt_1', at, body });
        assert.equal(
          headers['webhook-signature'],
          new Webhook(writeSecret(key)).sign('evt_1', new Date(at), body),
        );
        assert.equal(headers['webhook-timestamp'], '1700000000');
      }),
    );
  });
});

describe('waiting between attempts (EDG-6)', () => {
  it('follows the table, a tenth to either side, and ends', () => {
    for (const [index, wait] of retryWaits.entries()) {
      const shortest = judge(failed, index + 1, () => 0);
      const longest = judge(failed, index + 1, () => 0.999_999);
      assert.ok(shortest.state === 'pending' && longest.state === 'pending');
      assert.equal(shortest.wait, Math.round(wait * 0.9));
      assert.ok(longest.wait <= wait * 1.1 && longest.wait > wait * 1.09);
    }
    assert.deepEqual(
      judge(failed, maximumAttempts, () => 0),
      { state: 'dead', exhausted: true, gone: false },
    );
  });

  it('reads Retry-After as seconds or as a date, and nothing else (RFC 9110)', () => {
    const now = Date.parse('2030-01-15T10:00:00Z');
    assert.equal(readRetryAfter('120', now), 120_000);
    assert.equal(readRetryAfter('Tue, 15 Jan 2030 10:01:00 GMT', now), 60_000);
    assert.equal(readRetryAfter('Tue, 15 Jan 2030 09:00:00 GMT', now), 0);
    for (const text of [null, '', 'soon', '1e9x', '99999999999'])
      assert.ok((readRetryAfter(text, now) ?? 0) < 1e13);
    assert.equal(readRetryAfter('soon', now), null);
  });
});

describe('what the log keeps of an answer (EDG-6)', () => {
  const table: [string, string | null][] = [
    ['', null],
    ['  \n\t ', null],
    ['ok', 'ok'],
    ['{"error":"no such order"}', '{"error":"no such order"}'],
    ['Authorization: Bearer abc.def.ghi', 'Authorization: [secret] [secret]'],
    ['{"token":"s3cr3t","password":"p w"}', '{"token":[secret],"password":[secret]}'],
    ['api_key=12345&x=1', 'api_key=[secret]&x=1'],
    ['mail robin@example.org now', 'mail [address] now'],
    ['card 4242 4242 4242 4242 declined', 'card [number]declined'],
    [`trace ${'ab12'.repeat(8)}`, 'trace [opaque]'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', '[key]'],
    ['a\u0000b\u202ec', 'a b c'],
    ['x y '.repeat(200), `${'x y '.repeat(75)}…`],
  ];
  for (const [body, expected] of table) {
    it(`${JSON.stringify(body.slice(0, 40))} → ${JSON.stringify(expected?.slice(0, 40))}`, () =>
      assert.equal(excerpt(body), expected));
  }

  it('is one line of at most 301 characters that the database takes, of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (body) => {
        const kept = excerpt(body) ?? '';
        assert.ok(Array.from(kept).length <= 301);
        assert.doesNotMatch(kept, /[\p{Cc}\p{Cs}\n]/u);
      }),
    );
  });
});
