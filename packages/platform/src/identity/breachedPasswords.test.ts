import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, beforeEach, describe, it } from 'node:test';
import { openListener, type Listener } from '../../test/listener.ts';
import { withMutant } from '../../test/mutant.ts';
import { PasswordRanges, type PasswordRangesOptions, type UnaskedPasswords } from './breachedPasswords.ts';

const breached = 'seven copper lanterns drift';
const digest = (password: string): string => createHash('sha1').update(password).digest('hex').toUpperCase();
const other = `${'0'.repeat(34)}A`;

describe('asking whether a password was found in a breach (ASVS 5.0 V6.2.12)', () => {
  let service: Listener;
  let answer: (request: IncomingMessage, response: ServerResponse) => void;
  let now: number;
  let told: UnaskedPasswords[];

  before(async () => {
    service = await openListener((request, response) => answer(request, response));
  });
  after(() => service.close());
  beforeEach(() => {
    now = 0;
    told = [];
    service.requests.length = 0;
    answer = ranges;
  });

  /** Every range holds the breached password's rest, and one that is padding. */
  function ranges({ url = '' }: IncomingMessage, response: ServerResponse): void {
    const rest = url.endsWith(digest(breached).slice(0, 5)) ? digest(breached).slice(5) : 'F'.repeat(35);
    response.end(`${other}:0\r\n${rest}:3`);
  }

  const asks = (): number => service.requests.length;
  const options = (): PasswordRangesOptions => ({
    url: `http://ranges.example.com:${service.port}/range`,
    clock: () => now,
    outbound: {
      http: true,
      resolve: () => Promise.resolve(['127.0.0.1']),
      privateTargets: [{ range: '127.0.0.1/32', ports: [service.port] }],
    },
    onUnasked: (unasked) => told.push(unasked),
  });

  it('tells five digits of the hash and nothing else, and asks for padding', async () => {
    assert.equal(await new PasswordRanges(options()).isBreached(breached), true);
    const [request, ...more] = service.requests;
    assert.deepEqual([request?.method, request?.url], ['GET', `/range/${digest(breached).slice(0, 5)}`]);
    assert.equal(request?.headers['add-padding'], 'true');
    assert.equal(more.length, 0);
    const sent = JSON.stringify([request?.url, request?.headers]);
    assert.ok(!sent.includes(digest(breached).slice(5, 12)));
    assert.deepEqual(told, []);
  });

  it('takes another password of the same range, and one that only pads it, for unbreached', async () => {
    const padding = digest('a password that pads the answer').slice(5);
    answer = (_request, response) => void response.end(`${padding}:0\r\n${other}:12`);
    const asked = new PasswordRanges(options());
    assert.equal(await asked.isBreached('a password that pads the answer'), false);
    assert.equal(await asked.isBreached('another one altogether'), false);
    assert.deepEqual(told, []);
  });

  it('remembers a range for ten minutes, and not more than 32 of them', async () => {
    const asked = new PasswordRanges(options());
    await asked.isBreached(breached);
    now += 10 * 60_000 - 1;
    await asked.isBreached(breached);
    assert.equal(asks(), 1);
    now += 1;
    await asked.isBreached(breached);
    assert.equal(asks(), 2);
    for (let other = 0; other < 32; other += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the order is what is tested
      await asked.isBreached(`password number ${other}`);
    }
    const askedBefore = asks();
    await asked.isBreached(breached);
    assert.equal(asks(), askedBefore + 1);
  });

  const failing: [name: string, answer: typeof ranges][] = [
    ['answers with an error', (_request, response) => void response.writeHead(503).end()],
    [
      'answers with a page',
      (_request, response) => void response.end('<html>Sign in to this network</html>'),
    ],
    ['answers with nothing', (_request, response) => void response.end()],
    [
      'redirects',
      (_request, response) => void response.writeHead(302, { location: 'https://example.com/' }).end(),
    ],
    ['hangs up', (_request, response) => void response.destroy()],
    ['answers without end', (_request, response) => void response.end(Buffer.alloc(300 * 1024, 'A'))],
  ];
  for (const [name, badly] of failing) {
    it(`judges without a service that ${name}, says so, and asks again the next time`, async () => {
      answer = badly;
      const asked = new PasswordRanges(options());
      assert.equal(await asked.isBreached(breached), false);
      assert.equal(told.length, 1);
      answer = ranges;
      assert.equal(await asked.isBreached(breached), true);
    });
  }

  it('waits two seconds for a silent one', async () => {
    answer = () => {};
    const begun = performance.now();
    assert.equal(await new PasswordRanges(options()).isBreached(breached), false);
    const waited = performance.now() - begun;
    assert.ok(waited > 1900 && waited < 4000, `${waited}`);
    assert.equal(told.length, 1);
  });

  it('tells once a minute how many were judged without', async () => {
    answer = (_request, response) => void response.writeHead(503).end();
    const asked = new PasswordRanges(options());
    const counts = (): number[] => told.map(({ passwords }) => passwords);
    await asked.isBreached('one');
    await asked.isBreached('two');
    now += 59_999;
    await asked.isBreached('three');
    assert.deepEqual(counts(), [1]);
    now += 1;
    await asked.isBreached('four');
    assert.deepEqual(counts(), [1, 3]);
  });

  it('asks for sixteen at once, and judges the rest without', async () => {
    const waiting: ServerResponse[] = [];
    answer = (_request, response) => {
      waiting.push(response);
      if (waiting.length === 16) for (const one of waiting) one.end(`${other}:1`);
    };
    const asked = new PasswordRanges(options());
    await Promise.all(Array.from({ length: 20 }, (_, n) => asked.isBreached(`password number ${n}`)));
    assert.equal(service.requests.length, 16);
    assert.match(String(told[0]?.error), /16 ranges/);
  });

  it('reaches no private place that was not opened for it', async () => {
    const { privateTargets: _opened, ...closed } = options().outbound ?? {};
    const outbound = { ...closed, ports: [service.port] };
    assert.equal(await new PasswordRanges({ ...options(), outbound }).isBreached(breached), false);
    assert.equal(service.requests.length, 0);
    assert.equal(told.length, 1);
  });

  it('the mutation: a count of nought taken for a breach refuses a password that only pads', async () => {
    const padding = digest('a password that pads the answer').slice(5);
    answer = (_request, response) => void response.end(`${padding}:0`);
    const file = 'identity/breachedPasswords.ts';
    await withMutant<{ PasswordRanges: typeof PasswordRanges }, void>(
      { file, from: ':0*[1-9]', to: ':' },
      file,
      async (mutant) => {
        const asked = new mutant.PasswordRanges(options());
        assert.equal(await asked.isBreached('a password that pads the answer'), true);
      },
    );
  });
});
