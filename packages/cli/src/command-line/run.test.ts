import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineCommand, exit } from './command.ts';
import { CommandFailure } from './failure.ts';
import { run } from './run.ts';

const plant = defineCommand({
  name: ['tree', 'plant'],
  summary: 'plant a tree',
  description: 'Plants one tree.',
  options: {
    kind: { kind: 'text', placeholder: 'KIND', summary: 'which', required: true },
    count: { kind: 'number', placeholder: 'N', summary: 'how many', range: [1, 9], default: 1 },
    near: { kind: 'list', placeholder: 'PLACE', summary: 'beside what' },
    deep: { kind: 'flag', summary: 'dig deep' },
    season: { kind: 'text', placeholder: 'S', summary: 'when', choices: ['spring', 'autumn'] },
  },
  examples: [{ line: 'bulkhead tree plant --kind oak', does: 'plant an oak' }],
  no: 'the ground is frozen',
  async run(values, terminal) {
    terminal.progress('digging');
    if (values.kind === 'palm') throw new CommandFailure('too_cold', 'Too cold.', { hint: 'Move.' });
    if (values.kind === 'bug') throw new TypeError('roots of undefined');
    const { kind, count, near, deep } = values;
    terminal.answer({ json: { kind, count, near, deep }, text: `${count} ${kind}` });
    return exit.ok;
  },
});
const grow = defineCommand({
  name: ['grow'],
  summary: 'grow',
  description: 'Grows.',
  options: {},
  examples: [],
  async run() {
    return exit.no;
  },
});

async function line(words: string, env: Record<string, string> = {}) {
  let stdout = '';
  let stderr = '';
  const code = await run(
    words === '' ? [] : words.split(' '),
    {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
      env,
      folder: '/',
    },
    [plant, grow],
  );
  return { code, stdout, stderr };
}

test('an answer goes to stdout and progress to stderr', async () => {
  const text = await line('tree plant --kind oak --near brook --near wall --deep --count 3');
  assert.deepEqual(text, { code: 0, stdout: '3 oak\n', stderr: 'digging\n' });
  const json = await line('tree plant --kind=oak --json');
  assert.deepEqual(JSON.parse(json.stdout), { kind: 'oak', count: 1, near: [], deep: false });
  assert.equal(json.stdout.indexOf('\n'), json.stdout.length - 1, 'one object, one line');
});

test('a command decides its own exit code', async () => {
  assert.equal((await line('grow')).code, exit.no);
});

const refused: readonly [line: string, says: RegExp][] = [
  ['tree plant', /--kind is required: --kind KIND/],
  ['tree plant --kind', /--kind needs a value/],
  ['tree plant --kind --deep', /--kind needs a value/],
  ['tree plant --kind oak --kind elm', /--kind is given twice/],
  ['tree plant --kind oak --count 0', /--count takes a whole number from 1 to 9/],
  ['tree plant --kind oak --count 10', /whole number/],
  ['tree plant --kind oak --count 1.5', /whole number/],
  ['tree plant --kind oak --count 1e0', /whole number/],
  ['tree plant --kind oak --deep=yes', /--deep takes no value/],
  ['tree plant --kind oak --season winter', /--season is one of: spring, autumn/],
  ['tree plant --kind oak birch', /Unexpected word "birch"/],
  ['tree plant --kin oak', /Unknown option --kin[.]\nDid you mean --kind\?/],
  ['tree plant --zzzzz oak', /Unknown option --zzzzz[.]\nSee: bulkhead tree plant --help/],
  ['tree plant -k oak', /Unknown option -k/],
  ['tree', /bulkhead tree needs a verb: plant/],
  ['tree plnat --kind oak', /Unknown command "tree plnat"[.]\nDid you mean plant\?/],
  ['tee plant', /Unknown command "tee"[.]\nDid you mean tree\?/],
  ['constructor', /Unknown command "constructor"/],
  ['tree plant --constructor x', /Unknown option --constructor/],
  ['tree plant --__proto__ x', /Unknown option --__proto__/],
];

for (const [words, says] of refused) {
  test(`"${words}" is not understood and says why`, async () => {
    const { code, stdout, stderr } = await line(words);
    assert.equal(code, exit.usage);
    assert.equal(stdout, '');
    assert.match(stderr, says);
    assert.doesNotMatch(stderr, /digging/, 'nothing was done');
  });
}

test('no words at all show the overview on stderr', async () => {
  const { code, stdout, stderr } = await line('');
  assert.equal(code, exit.usage);
  assert.equal(stdout, '');
  assert.match(stderr, /^bulkhead: multi-tenant security/);
});

for (const words of ['tree plant --help', 'help tree plant', 'tree plant --kind oak --help']) {
  test(`"${words}" explains the command and does nothing`, async () => {
    const { code, stdout, stderr } = await line(words);
    assert.equal(code, exit.ok);
    assert.equal(stderr, '');
    assert.match(stdout, /^bulkhead tree plant: plant a tree\n/);
    for (const part of [
      '--count N',
      '1 to 9; default 1',
      'bulkhead tree plant --kind oak',
      'the ground is frozen',
    ]) {
      assert.ok(stdout.includes(part), part);
    }
  });
}

test('help of a noun lists its verbs; help of nothing lists everything', async () => {
  assert.match((await line('tree --help')).stdout, /^bulkhead tree: 1 command\n[^]*tree plant/);
  assert.match((await line('--help')).stdout, /^bulkhead: [^]*tree plant[^]*grow/);
  assert.equal((await line('help nothing')).code, exit.usage);
});

test('an expected failure is two sentences, without a stack, with exit code 3', async () => {
  const { code, stdout, stderr } = await line('tree plant --kind palm');
  assert.deepEqual(
    { code, stdout, stderr },
    { code: 3, stdout: '', stderr: 'digging\nbulkhead: Too cold.\nMove.\n' },
  );
  const json = await line('tree plant --kind palm --json');
  assert.deepEqual(JSON.parse(json.stdout), {
    error: { code: 'too_cold', message: 'Too cold.', hint: 'Move.' },
  });
});

test('an unexpected error shows its stack only under BULKHEAD_DEBUG=1', async () => {
  const quiet = await line('tree plant --kind bug');
  assert.equal(quiet.code, exit.failed);
  assert.match(quiet.stderr, /Unexpected: roots of undefined/);
  assert.doesNotMatch(quiet.stderr, / at /);
  const loud = await line('tree plant --kind bug', { BULKHEAD_DEBUG: '1' });
  assert.match(loud.stderr, /TypeError: roots of undefined\n +at /);
});
