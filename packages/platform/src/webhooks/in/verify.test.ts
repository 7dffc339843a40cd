import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import { keyOfSecret } from './secret.ts';
import { checkSettings } from './settings.ts';
import type { GenericSettings, WebhookScheme, WebhookSource } from './source.ts';
import { verifyRequest, type Verification } from './verify.ts';

const now = Date.parse('2030-01-15T10:00:00Z');
const standardSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const plainSecret = 'whsec_4fT9xQ2mVb7Lk1Rz';
const body = JSON.stringify({ id: 'evt_1', type: 'invoice.paid', data: { object: { total: 1200 } } });
const stripe = new Stripe('sk_test_123');

type Headers = Record<string, string>;

const sourceOf = (scheme: WebhookScheme, secrets: string[], settings?: GenericSettings): WebhookSource => ({
  id: 'a',
  tenantId: 'b',
  name: 'Sender',
  scheme,
  settings: settings === undefined ? undefined : checkSettings(settings),
  secrets: secrets.map((secret) => ({ key: keyOfSecret(scheme, secret), expiresAt: null })),
});

const verify = (
  source: WebhookSource,
  headers: Headers,
  { sent = body, at = now }: { sent?: string | Uint8Array; at?: number } = {},
): Verification =>
  verifyRequest(
    source,
    { header: (name) => headers[name], body: typeof sent === 'string' ? Buffer.from(sent) : sent },
    at,
  );
const outcome = (verification: Verification): string =>
  'event' in verification ? verification.event.eventId : verification.failure;

/** As the official packages sign. */
const peers: Record<
  'stripe' | 'standard' | 'svix' | 'generic',
  (at: Date, text: string, secret?: string) => Headers
> = {
  stripe: (at, text, secret = plainSecret) => ({
    'stripe-signature': stripe.webhooks.generateTestHeaderString({
      payload: text,
      secret,
      timestamp: Math.floor(at.getTime() / 1000),
    }),
  }),
  standard: (at, text, secret = standardSecret) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new StandardWebhook(secret).sign('msg_1', at, text),
  }),
  svix: (at, text, secret = standardSecret) => ({
    'svix-id': 'msg_1',
    'svix-timestamp': String(Math.floor(at.getTime() / 1000)),
    'svix-signature': new SvixWebhook(secret).sign('msg_1', at, text),
  }),
  generic: (at, text, secret = plainSecret) => {
    const time = String(Math.floor(at.getTime() / 1000));
    const mac = createHmac('sha256', secret).update(`v0:${time}:${text}`).digest('hex');
    return { 'x-signature': `v0=${mac}`, 'x-time': time };
  },
};
const slackLike: GenericSettings = {
  signatureHeader: 'x-signature',
  encoding: 'hex',
  prefix: 'v0=',
  timestampHeader: 'x-time',
  signed: 'v0:{timestamp}:{body}',
  idField: 'id',
  typeField: 'type',
};
const sources: Record<keyof typeof peers, WebhookSource> = {
  stripe: sourceOf('stripe', [plainSecret]),
  standard: sourceOf('standard', [standardSecret]),
  svix: sourceOf('svix', [standardSecret]),
  generic: sourceOf('generic', [plainSecret], slackLike),
};
const schemes = Object.keys(peers) as (keyof typeof peers)[];

for (const scheme of schemes) {
  const [source, sign] = [sources[scheme], peers[scheme]];
  const id = scheme === 'stripe' || scheme === 'generic' ? 'evt_1' : 'msg_1';

  describe(`a webhook of scheme ${scheme} (EDG-5)`, () => {
    it('is accepted as the official packages sign it', () => {
      const verification = verify(source, sign(new Date(now), body));
      assert.ok('event' in verification);
      assert.deepEqual(verification.event, {
        eventId: id,
        eventType: 'invoice.paid',
        payload: JSON.parse(body) as unknown,
        timed: true,
      });
    });

    it('is accepted 300 seconds from its time, either way, and not one further (T-50)', () => {
      for (const [seconds, expected] of [
        [-300, id],
        [300, id],
        [-301, 'outside_window'],
        [301, 'outside_window'],
        [86_400, 'outside_window'],
        [10 ** 9, 'outside_window'],
      ] as const) {
        assert.equal(
          outcome(verify(source, sign(new Date(now + seconds * 1000), body))),
          expected,
          `${seconds}`,
        );
      }
    });

    it('is not accepted when any single bit of it is changed', () => {
      const headers = sign(new Date(now), body);
      const bytes = Buffer.from(body);
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        assert.ok('failure' in verify(source, headers, { sent: changed }), `bit ${bit} of the body`);
      }
      for (const [name, value] of Object.entries(headers)) {
        for (let bit = 0; bit < value.length * 8; bit += 1) {
          const changed = Buffer.from(value, 'latin1');
          changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          const text = changed.toString('latin1');
          assert.ok(
            'failure' in verify(source, { ...headers, [name]: text }),
            `bit ${bit} of ${name}: ${text}`,
          );
        }
      }
    });

    it('is not accepted when its signature is cut or made longer at any place (T-51)', () => {
      const headers = sign(new Date(now), body);
      const name = Object.keys(headers).find((key) => key.endsWith('signature')) ?? '';
      const value = headers[name] ?? '';
      for (let length = 0; length < value.length; length += 1) {
        assert.ok('failure' in verify(source, { ...headers, [name]: value.slice(0, length) }), `${length}`);
      }
      for (const more of ['0', 'A', '=', '==', '\0', ' x']) {
        const longer = verify(source, { ...headers, [name]: value + more });
        // A second entry that is no signature leaves the first one as it is, where the scheme has several.
        if (more === ' x' && scheme !== 'stripe' && scheme !== 'generic') continue;
        assert.ok('failure' in longer, JSON.stringify(more));
      }
    });

    it('is not accepted for random bytes, random headers, or without a header', () => {
      const names = Object.keys(sign(new Date(now), body));
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 200 }),
          fc.array(fc.string({ maxLength: 120 }), { minLength: 3, maxLength: 3 }),
          (sent, values) => {
            const headers = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
            assert.ok('failure' in verify(source, headers, { sent }));
            assert.ok('failure' in verify(source, sign(new Date(now), body), { sent }));
          },
        ),
        { numRuns: 500 },
      );
      for (const name of names) {
        const { [name]: _dropped, ...rest } = sign(new Date(now), body);
        assert.equal(outcome(verify(source, rest)), 'signature_missing');
      }
    });

    it('is accepted under each of several secrets during a rotation, not under another, and not after the old one ends', () => {
      const make = () =>
        scheme === 'stripe' || scheme === 'generic'
          ? `secret-${randomBytes(12).toString('hex')}`
          : `whsec_${randomBytes(32).toString('base64')}`;
      const [old, current, foreign] = [make(), make(), make()];
      const both: WebhookSource = {
        ...source,
        secrets: [
          { key: keyOfSecret(scheme, current), expiresAt: null },
          { key: keyOfSecret(scheme, old), expiresAt: now + 1 },
        ],
      };
      assert.equal(outcome(verify(both, sign(new Date(now), body, current))), id);
      assert.equal(outcome(verify(both, sign(new Date(now), body, old))), id);
      assert.equal(outcome(verify(both, sign(new Date(now), body, old), { at: now + 1 })), 'signature_wrong');
      assert.equal(outcome(verify(both, sign(new Date(now), body, foreign))), 'signature_wrong');
    });

    it('is not accepted when what was signed is no JSON object', () => {
      for (const text of ['', 'null', '[]', '"x"', '{', '{"id":"a\u0000"}']) {
        assert.equal(
          outcome(verify(source, sign(new Date(now), text), { sent: text })),
          'body_unusable',
          text,
        );
      }
    });
  });
}

describe('a webhook', () => {
  it('of Stripe may carry several signatures, one time, and old schemes that are ignored', () => {
    const value = peers.stripe(new Date(now), body)['stripe-signature'] ?? '';
    const [time, v1] = value.split(',');
    const wrong = `v1=${'0'.repeat(64)}`;
    const accepts = (header: string): boolean =>
      'event' in verify(sources.stripe, { 'stripe-signature': header });
    assert.ok(accepts(`${time},${wrong},${v1},v0=${'1'.repeat(64)}`));
    assert.ok(!accepts(`${time},${v1?.replace('v1', 'v0')}`));
    assert.ok(!accepts(`${time},t=${now / 1000 + 1},${v1}`));
    assert.ok(!accepts(`${time},${Array.from({ length: 10 }, () => wrong).join(',')},${v1}`));
    assert.ok(!accepts(`${time},${v1?.toUpperCase().replace('V1', 'v1')}`));
  });

  it('of Standard Webhooks cannot be split anew: no id with a dot is accepted', () => {
    const time = now / 1000;
    const sent = `${time}.{"id":1}`;
    const signature = new StandardWebhook(standardSecret).sign('msg_1', new Date(now), sent);
    const shifted = {
      'webhook-id': `msg_1.${time}`,
      'webhook-timestamp': `${time}`,
      'webhook-signature': signature,
    };
    // The same signed bytes, the boundary between id, time and body moved: id "msg_1.<time>", body {"id":1}.
    assert.equal(outcome(verify(sources.standard, shifted, { sent: '{"id":1}' })), 'signature_missing');
  });

  it('without an id is known by a digest of its body, which is signed; without a time it never expires', () => {
    const github = sourceOf('generic', [plainSecret], {
      signatureHeader: 'x-hub-signature-256',
      encoding: 'hex',
      prefix: 'sha256=',
      signed: '{body}',
    });
    const mac = createHmac('sha256', plainSecret).update(body).digest('hex');
    const one = verify(github, { 'x-hub-signature-256': `sha256=${mac}`, 'x-github-delivery': '1' });
    const two = verify(
      github,
      { 'x-hub-signature-256': `sha256=${mac}`, 'x-github-delivery': '2' },
      { at: now * 2 },
    );
    assert.deepEqual(one, two);
    assert.ok('event' in one);
    assert.equal(one.event.timed, false);
    assert.match(one.event.eventId, /^sha256-[0-9a-f]{64}$/);
  });

  it('cannot be signed in a way that lets digits move between its time and its body', () => {
    for (const signed of [
      '{timestamp}{body}',
      '{timestamp}1{body}',
      '{body}{timestamp}',
      '{timestamp}.',
      'x',
      '{timestamp}.{timestamp}.{body}',
    ]) {
      assert.throws(
        () => checkSettings({ ...slackLike, signed }),
        { code: 'input_invalid', field: 'settings' },
        signed,
      );
    }
    assert.throws(() => checkSettings({ ...slackLike, timestampHeader: undefined }), {
      code: 'input_invalid',
    });
    assert.throws(() => checkSettings({ ...slackLike, signatureHeader: 'authorization' }), {
      code: 'input_invalid',
    });
  });

  it('of the future is accepted by Stripe’s own verifier, and not by this one (T-50)', () => {
    const headers = peers.stripe(new Date(now + 365 * 86_400_000), body);
    const peer = stripe.webhooks.constructEvent(
      body,
      headers['stripe-signature'] ?? '',
      plainSecret,
      300,
      undefined,
      now,
    );
    assert.equal(peer.id, 'evt_1');
    assert.equal(outcome(verify(sources.stripe, headers)), 'outside_window');
  });
});

describe('a secret of a webhook source', () => {
  it('has the form of its scheme and enough bits', () => {
    for (const secret of ['whsec_AAAA', 'whsec_', 'whsec_!!!!', `whsec_${'A'.repeat(100)}`]) {
      assert.throws(() => keyOfSecret('standard', secret), { code: 'input_invalid', field: 'secret' });
    }
    assert.throws(() => keyOfSecret('stripe', 'short'), { code: 'input_invalid', field: 'secret' });
    assert.equal(keyOfSecret('svix', standardSecret).length, 32);
  });
});
