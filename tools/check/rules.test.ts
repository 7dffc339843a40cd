import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  fileNameRule,
  htmlRule,
  lengthRule,
  lockfileRule,
  machineRule,
  outboundRule,
  sleepRule,
} from './rules.ts';
import { sqlStyle } from './sqlStyle.ts';

const sleep = 'await new Promise((resolve) => ' + 'setTimeout' + '(resolve, 10));';
const machinePath = ['', 'work', 'main', 'x'].join('/');

const cases = [
  {
    rule: fileNameRule,
    bad: { path: 'src/stringUtils.ts', text: '' },
    good: { path: 'src/utility.ts', text: '' },
  },
  {
    rule: fileNameRule,
    bad: { path: 'src/helpers/a.ts', text: '' },
    good: { path: 'src/helpful.md', text: '' },
  },
  {
    rule: lengthRule,
    bad: { path: 'a.ts', text: 'x\n'.repeat(401) },
    good: { path: 'a.ts', text: 'x\n'.repeat(400) },
  },
  {
    rule: lengthRule,
    bad: { path: 'sql/0001_account.sql', text: '\n'.repeat(401) },
    good: { path: 'sql/schema.sql', text: '\n'.repeat(401) },
  },
  { rule: sleepRule, bad: { path: 'a.test.ts', text: sleep }, good: { path: 'a.ts', text: sleep } },
  {
    rule: sleepRule,
    bad: { path: 'test/harness/people.ts', text: sleep },
    good: { path: 'test/harness/eventually.ts', text: sleep },
  },
  {
    rule: machineRule,
    bad: { path: 'a.md', text: `see ${machinePath}` },
    good: { path: 'a.md', text: `packages${machinePath}` },
  },
  ...[
    'await fetch(url);',
    "import { request } from 'undici';",
    "import { request } from 'node:http';",
    "import https from 'node:https';",
    "import { connect } from 'node:net';",
    'new WebSocket(url)',
  ].map((text) => ({
    rule: outboundRule,
    bad: { path: 'packages/server/src/a.ts', text },
    good: { path: 'packages/platform/src/outbound/a.ts', text },
  })),
  ...[
    "import type { IncomingMessage } from 'node:http';",
    'await guardedFetch(url);',
    'cache.fetch(key);',
  ].map((text) => ({
    rule: outboundRule,
    bad: { path: 'packages/server/src/a.ts', text: 'fetch(url)' },
    good: { path: 'packages/server/src/a.ts', text },
  })),
  ...[
    '<div dangerouslySetInnerHTML={{ __html: note }} />',
    'element.innerHTML = note;',
    "element.insertAdjacentHTML('beforeend', note);",
    'document.write(note);',
    '<iframe srcDoc={note} />',
    'new Function(note)();',
  ].map((text) => ({
    rule: htmlRule,
    bad: { path: 'packages/console/src/a.tsx', text },
    good: { path: 'packages/console/src/a.tsx', text: '<p>{note}</p>; element.textContent = note;' },
  })),
  {
    rule: lockfileRule,
    bad: {
      path: 'package-lock.json',
      text: '{ "packages": { "a": { "resolved": "https://example.org/x.tgz" } } }',
    },
    good: { path: 'package-lock.json', text: '{ "packages": { "a": { "resolved": "packages/kernel" } } }' },
  },
  {
    rule: sqlStyle,
    bad: { path: '0001.sql', text: 'SELECT 1;' },
    good: { path: '0001.sql', text: "select 'SELECT', 1; -- FROM here" },
  },
  {
    rule: sqlStyle,
    bad: { path: '0001.sql', text: 'create table if not exists invoice (id uuid);' },
    good: { path: '0001.sql', text: 'create table if not exists books.invoice (id uuid);' },
  },
];

for (const { rule, bad, good } of cases) {
  test(`${rule.name} refuses ${bad.path} and accepts ${good.path}: ${JSON.stringify(bad.text.slice(0, 40))}`, () => {
    assert.equal(rule(bad).length, 1);
    assert.deepEqual(rule(good), []);
  });
}
