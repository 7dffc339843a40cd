import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cell, finding, leak, sampleReport, type Sample } from '../test/sampleReport.ts';
import { BaselineError, readBaseline, writeBaseline } from './baseline.ts';

const refused = cell('public.invoice', 'read');
const inconclusive = cell('public.currency', 'read', { verdict: 'inconclusive', reason: 'no row' });
const unseen = [{ what: 'function f()', why: 'dynamic' }];

const cases: readonly [title: string, sample: Sample, exitCode: number][] = [
  ['every attack refused', { cells: [refused] }, 0],
  ['a leak', { cells: [refused, leak('public.member', 'read')] }, 1],
  ['a leak of numbers only', { cells: [refused, leak('public.member', 'statistics')] }, 0],
  [
    'the same, with --fail-on high',
    { cells: [refused, leak('public.member', 'statistics')], failOn: 'high' },
    0,
  ],
  ['an injection leak with --fail-on high', { cells: [refused, leak('t', 'context')], failOn: 'high' }, 1],
  ['an inconclusive cell', { cells: [refused, inconclusive] }, 2],
  ['an inconclusive cell of injected SQL', { cells: [refused, { ...inconclusive, attack: 'context' }] }, 0],
  [
    'the same with --fail-on high',
    { cells: [refused, { ...inconclusive, attack: 'context' }], failOn: 'high' },
    2,
  ],
  ['a leak and an inconclusive cell', { cells: [leak('t', 'read'), inconclusive] }, 1],
  ['--fail-on never and a leak', { cells: [leak('t', 'read')], failOn: 'never' }, 0],
  ['--fail-on never and something unseen', { cells: [refused], unseen, failOn: 'never' }, 2],
  ['no cell at all', { cells: [] }, 2],
  ['only cells that do not apply', { cells: [cell('t', 'read', { verdict: 'not applicable' })] }, 2],
  [
    'a leak by an attack that the list does not know',
    { cells: [refused, leak('t', 'new')], failOn: 'critical' },
    1,
  ],
  ['no finding', { findings: [] }, 0],
  ['a high finding', { findings: [finding()] }, 1],
  ['a low finding', { findings: [finding({ severity: 'low' })] }, 0],
  ['a low finding with --fail-on low', { findings: [finding({ severity: 'low' })], failOn: 'low' }, 1],
  ['no finding and something unseen', { findings: [], unseen }, 2],
  ['an accepted finding', { findings: [finding()], accepted: { 'BH001:table:public.invoice': 'known' } }, 0],
  ['an accepted leak', { cells: [refused, leak('t', 'read')], accepted: { 'attack:read:t': 'known' } }, 0],
  [
    'an accepted unseen thing',
    { findings: [], unseen, accepted: { 'unseen:function f()': 'read by eye' } },
    0,
  ],
  [
    'another table’s leak',
    { cells: [refused, leak('t', 'read')], accepted: { 'attack:read:u': 'known' } },
    1,
  ],
];

describe('PRO-1 the exit code', () => {
  for (const [title, sample, exitCode] of cases) {
    test(`is ${exitCode} for ${title}`, () => assert.equal(sampleReport(sample).exitCode, exitCode));
  }
});

describe('PRO-1 a baseline', () => {
  const sample: Sample = { cells: [refused, leak('t', 'read'), inconclusive], findings: [finding()], unseen };

  test('written from a report accepts all of it, keeping reasons that were given', () => {
    const known = { 'attack:read:t': 'a public table', 'BH404:gone': 'was so once' };
    const text = writeBaseline(sampleReport({ ...sample, accepted: known }), 'accepted on first use');
    const accepted = Object.fromEntries(readBaseline(text).accepted);
    assert.deepEqual(accepted, {
      'BH001:table:public.invoice': 'accepted on first use',
      'attack:read:public.currency': 'accepted on first use',
      'attack:read:t': 'a public table',
      'unseen:function f()': 'accepted on first use',
    });
    const again = sampleReport({ ...sample, accepted });
    assert.equal(again.exitCode, 0);
    assert.deepEqual(again.baseline, { stale: [] });
    assert.equal(again.summary.accepted, 4);
  });

  test('tells which entries nothing matches any more', () => {
    const report = sampleReport({ findings: [], accepted: { 'BH404:gone': 'was so once' } });
    assert.deepEqual(report.baseline, { stale: ['BH404:gone'] });
  });

  const wrong: readonly [text: string, says: RegExp][] = [
    ['', /not JSON/],
    ['[]', /a baseline is/],
    ['{"schemaVersion": "2.0", "accepted": []}', /a baseline is/],
    ['{"schemaVersion": "1.0", "accepted": [{"reason": "x"}]}', /accepted\[0\] has no fingerprint/],
    ['{"schemaVersion": "1.0", "accepted": [{"fingerprint": "x", "reason": " "}]}', /\(x\) has no reason/],
    ['{"schemaVersion": "1.0", "accepted": [null]}', /accepted\[0\] has no fingerprint/],
    [
      '{"schemaVersion": "1.0", "accepted": [{"fingerprint": "x", "reason": "a"}, {"fingerprint": "x", "reason": "b"}]}',
      /x is accepted twice/,
    ],
  ];
  for (const [text, says] of wrong) {
    test(`is refused: ${text.slice(0, 60)}`, () => {
      assert.throws(
        () => readBaseline(text),
        (error: unknown) => error instanceof BaselineError && says.test(error.message),
      );
    });
  }
});
