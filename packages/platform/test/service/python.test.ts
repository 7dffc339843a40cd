import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { test } from 'node:test';
import { missing } from '../../../../test/harness/components.ts';
import type { ServiceUser } from '../../src/service/index.ts';

const run = promisify(execFile);
const file = fileURLToPath(new URL('../../../../docs/service-token-vectors.json', import.meta.url));
const script = fileURLToPath(new URL('verify.py', import.meta.url));

test(
  'an implementation in Python, written from the specification, judges every vector as this one does (ACC-5)',
  { skip: missing('python3') },
  async () => {
    const vectors = JSON.parse(await readFile(file, 'utf8')) as {
      accepted: { user: ServiceUser }[];
      refused: { reason: string }[];
    };
    const { stdout } = await run('/usr/bin/python3', [script, file]);
    const judged = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    assert.deepEqual(judged, [
      ...vectors.accepted.map(({ user }) => ({ user })),
      ...vectors.refused.map(({ reason }) => ({ reason })),
    ]);
  },
);
