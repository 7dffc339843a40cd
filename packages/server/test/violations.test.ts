import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { readReports } from '../src/violations/report.ts';
import { openServer, send } from './fixture.ts';
import type { Answer, Fixture } from './fixture.ts';
import { openLimited } from './limits/fixture.ts';

let fixture: Fixture;

before(async () => {
  fixture = await openServer();
});
after(() => fixture.close());

/** As CSP level 3 section 5.3 has it. */
const legacy = {
  'csp-report': {
    'document-uri': 'https://app.example.com/sign-in?token=sekrit#sekrit',
    referrer: 'https://app.example.com/?sekrit',
    'blocked-uri': 'https://evil.example/x.js?sekrit=1',
    'effective-directive': 'script-src-elem',
    'violated-directive': 'script-src-elem',
    'original-policy': "default-src 'none'; report-uri /violation-reports",
    'source-file': 'https://app.example.com/assets/index-4f2a.js?sekrit',
    'line-number': 17,
    'script-sample': 'sekrit',
    'status-code': 200,
    disposition: 'enforce',
  },
};

/** As the Reporting API section 3.3 and CSP level 3 section 5.2 have it; Chromium sends these. */
const batch = [
  {
    age: 12,
    type: 'csp-violation',
    url: 'https://app.example.com/invoices?sekrit',
    user_agent: 'sekrit',
    body: {
      blockedURL: 'trusted-types-sink',
      columnNumber: 3,
      disposition: 'enforce',
      documentURL: 'https://app.example.com/invoices?sekrit',
      effectiveDirective: 'require-trusted-types-for',
      lineNumber: 4,
      originalPolicy: 'sekrit',
      referrer: 'sekrit',
      sample: 'Element innerHTML|sekrit',
      sourceFile: 'https://app.example.com/assets/a.js?sekrit',
      statusCode: 200,
    },
  },
  { age: 1, type: 'deprecation', url: 'https://app.example.com/', user_agent: 'x', body: { id: 'x' } },
];

const lines = (): Record<string, unknown>[] =>
  fixture.log
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => String(event).startsWith('policy_violation'));

function report(
  body: unknown,
  type = 'application/csp-report',
  headers: Record<string, string> = {},
): Promise<Answer> {
  return send(fixture.url, '/violation-reports', {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': type, ...headers },
  });
}

test('EDG-1 both formats of report are read, answered with nothing, and told in the log without what is secret', async () => {
  const one = await report(legacy);
  const many = await report(batch, 'application/reports+json');
  assert.deepEqual([one.status, one.text, many.status, many.text], [204, '', 204, '']);
  const told = lines().map(({ level: _level, time: _time, ...line }) => line);
  assert.deepEqual(told, [
    {
      event: 'policy_violation',
      directive: 'script-src-elem',
      blocked: 'https://evil.example',
      page: '/sign-in',
      source: '/assets/index-4f2a.js',
      line: 17,
    },
    {
      event: 'policy_violation',
      directive: 'require-trusted-types-for',
      blocked: 'trusted-types-sink',
      page: '/invoices',
      source: '/assets/a.js',
      line: 4,
    },
  ]);
  assert.ok(!fixture.log.join('').includes('sekrit'));
});

test('EDG-1 a report needs no page of ours, and reads no cookie', async () => {
  const headers = { origin: 'null', 'sec-fetch-site': 'cross-site', cookie: '__Host-bulkhead=whatever' };
  assert.equal((await report(legacy, 'application/csp-report', headers)).status, 204);
});

const wrong: { name: string; body: string; type?: string; status: number }[] = [
  { name: 'no JSON', body: 'sekrit', status: 400 },
  { name: 'JSON of another shape', body: '{"sekrit":1}', status: 400 },
  { name: 'a null', body: 'null', status: 400 },
  { name: 'nothing', body: '', status: 400 },
  { name: 'text that is not UTF-8', body: '{"csp-report":{"document-uri":"\\ud800"}}', status: 400 },
  {
    name: 'more reports than one request may carry',
    body: JSON.stringify(Array(21).fill(batch[0])),
    status: 400,
  },
  { name: 'another type', body: JSON.stringify(legacy), type: 'application/json', status: 415 },
  { name: 'a form', body: 'sekrit=1', type: 'application/x-www-form-urlencoded', status: 415 },
  { name: 'too much', body: JSON.stringify({ sekrit: 'x'.repeat(33_000) }), status: 413 },
];
for (const { name, body, type, status } of wrong) {
  test(`EDG-1 T-57 ${name} is refused with ${status}, and not echoed`, async () => {
    const answer = await report(body, type);
    assert.equal(answer.status, status, answer.text);
    assert.ok(!answer.text.includes('sekrit'));
  });
}

test('EDG-1 reports of one address are limited, and all together have a part of the log and no more', async () => {
  const own = await openLimited({});
  try {
    const from = (address: string) =>
      send(own.urls[0] ?? '', '/violation-reports', {
        body: JSON.stringify(Array(20).fill(batch[0])),
        headers: { 'content-type': 'application/reports+json', 'x-forwarded-for': address },
      });
    for (let count = 0; count < 60; count += 1) assert.equal((await from('192.0.2.1')).status, 204);
    const over = await from('192.0.2.1');
    assert.deepEqual([over.status, over.json['code']], [429, 'rate_limited']);
    assert.equal((await from('192.0.2.2')).status, 204);
    const told = (event: string) => own.log.filter((line) => line.includes(`"event":"${event}"`));
    assert.equal(told('policy_violation').length, 100);
    own.advance(60_000);
    assert.equal((await from('192.0.2.3')).status, 204);
    assert.equal(told('policy_violation').length, 120);
    const [left = '{}'] = told('policy_violations_unlogged');
    assert.equal((JSON.parse(left) as { count: number }).count, 61 * 20 - 100);
  } finally {
    await own.close();
  }
});

test('EDG-1 whatever a report says, a log line holds a place and nothing else', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.constantFrom('inline', 'data:text/html,x', 'blob:https://a.example/1', 'javascript:alert(1)', 'a\nb'),
  );
  const told = fc.record({
    'document-uri': text,
    'blocked-uri': text,
    'effective-directive': text,
    'source-file': text,
    'line-number': fc.double({ noNaN: true, noDefaultInfinity: true }),
  });
  fc.assert(
    fc.property(told, (body) => {
      const [violation] = readReports({ 'csp-report': body }) ?? [];
      assert.ok(violation !== undefined);
      const { directive, blocked, page, source, line } = violation;
      assert.match(directive, /^[a-z-]{1,40}$/);
      assert.match(page, /^(\/[A-Za-z0-9._~/-]{0,199}|other)$/);
      assert.match(source ?? 'other', /^(\/[A-Za-z0-9._~/-]{0,199}|other)$/);
      assert.match(blocked, /^([a-z-]{1,40}|[a-z][a-z0-9.+-]{0,39}:|[a-z]+:\/\/[^/?#\s]{1,290})$/);
      assert.ok(line === undefined || Number.isSafeInteger(line));
    }),
    { numRuns: 2000 },
  );
});
