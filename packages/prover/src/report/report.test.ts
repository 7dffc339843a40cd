import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { cell, finding, leak, sampleReport } from '../../test/sampleReport.ts';
import { htmlReport } from './html.ts';
import { sarifReport } from './sarif.ts';
import { textReport } from './text.ts';

const addFormats = formats.default;

async function schemaOf(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8')) as Record<string, unknown>;
}

function holds(validate: ValidateFunction, value: object): void {
  // As a reader gets it: without what JSON leaves out.
  const valid = validate(JSON.parse(JSON.stringify(value)));
  assert.ok(valid, JSON.stringify(validate.errors, null, 2));
}

/** One of everything that a report can hold. */
const whole = sampleReport({
  cells: [
    cell('public.invoice', 'read'),
    leak('public.member', 'read'),
    leak('public.member', 'context'),
    cell('public.invoice', 'context', {
      verdict: 'inconclusive',
      evidence: null,
      reason: 'no row could be made',
    }),
    cell('public.invoice', 'statistics', {
      verdict: 'not applicable',
      evidence: null,
      reason: 'no statistics',
    }),
  ],
  findings: [finding(), finding({ rule: 'BH999', severity: 'low', fix: null, fingerprint: 'BH999:x' })],
  failOn: 'high',
  unseen: [{ what: 'function public.f()', why: 'it builds SQL as it runs' }],
  accepted: { 'attack:read:public.member': 'a public directory', 'BH002:gone': 'was so once' },
});

describe('PRO-1 the JSON report', () => {
  test('keeps to the schema that is published with it', async () => {
    const validate = addFormats(new Ajv2020({ strict: true, allErrors: true })).compile(
      await schemaOf('report.schema.json'),
    );
    holds(validate, whole);
    holds(validate, sampleReport({ findings: [] }));
    assert.equal(validate({ ...whole, surplus: 1 }), false, 'the schema is closed');
    assert.equal(validate({ ...whole, exitCode: 3 }), false);
    const silent = structuredClone(whole);
    for (const each of silent.attack?.cells ?? []) each.reproduction = null;
    assert.equal(validate(silent), false, 'a leak has a reproduction');
  });
});

describe('PRO-1 the SARIF report', () => {
  test('keeps to the official schema of SARIF 2.1.0', async () => {
    const { id, ...official } = await schemaOf('../../test/schemas/sarif-2.1.0.schema.json');
    // Draft 4 and draft 7 differ, in what this schema uses, in the name of the id only.
    const schema = { ...official, $schema: 'http://json-schema.org/draft-07/schema#', $id: String(id) };
    const validate = addFormats(new Ajv({ strict: false, allErrors: true })).compile(schema);
    holds(validate, sarifReport(whole));
    holds(
      validate,
      sarifReport(
        sampleReport({ findings: [finding({ object: { kind: 'table', name: 'public."ä/? b"' } })] }),
      ),
    );
    assert.equal(validate({ version: '2.1.0' }), false, 'the schema is in force');
  });

  test('names every rule it uses, suppresses what is accepted, and notes what is not proven', () => {
    const [run] = (sarifReport(whole) as { runs: Run[] }).runs;
    assert.ok(run);
    for (const { ruleId, ruleIndex } of run.results.filter(({ ruleId: id }) => id !== 'BH999'))
      assert.equal(run.tool.driver.rules[ruleIndex]?.id, ruleId);
    assert.deepEqual(
      run.results.map(({ ruleId, level, suppressions }) => [ruleId, level, suppressions?.[0]?.justification]),
      [
        ['BH001', 'error', undefined],
        ['BH999', 'note', undefined],
        ['attack/read', 'error', 'a public directory'],
        ['attack/context', 'error', undefined],
      ],
    );
    assert.equal(run.invocations[0]?.toolExecutionNotifications.length, 2);
  });
});

type Run = {
  tool: { driver: { rules: { id: string }[] } };
  invocations: { toolExecutionNotifications: unknown[] }[];
  results: { ruleId: string; ruleIndex: number; level: string; suppressions?: { justification: string }[] }[];
};

describe('PRO-1 the text report', () => {
  test('shows a grid of tables and attacks, the leaks and what was not seen', () => {
    const text = textReport(whole);
    assert.match(text, /^ {14} {2}a b c\npublic\.invoice {2}\. \? -\npublic\.member {3}\+ X -\n/m);
    assert.match(text, /^ {4}begin;\n {4}select 1;\n {4}rollback;$/m);
    assert.match(text, /NOT SEEN \(1\)\nfunction public\.f\(\): it builds SQL as it runs/);
    assert.match(text, /accepted: a public directory/);
    assert.match(text, /BH002:gone/);
    assert.match(text, /LEAKS: isolation does not hold\.\n$/);
  });

  test('lets no name of the database steer the terminal', () => {
    const text = textReport(
      sampleReport({ cells: [leak('public."\u001b[2J\u202Ex"', 'read', 'select \u001b]0;x')] }),
    );
    assert.doesNotMatch(text, /[\u001b\u202e]/);
    assert.ok(text.includes('\\u001b[2J'));
  });
});

describe('PRO-1 the HTML report', () => {
  test('escapes what the database names, and forbids script and loading', () => {
    const html = htmlReport(
      sampleReport({ cells: [leak('public."<script>alert(1)</script>"', 'read', `select '<img src=x>'`)] }),
    );
    assert.doesNotMatch(html, /<script|<img/);
    assert.match(html, /default-src 'none'; style-src 'sha256-/);
    assert.doesNotMatch(html, /(?:src|href)="(?!#)/);
  });
});
