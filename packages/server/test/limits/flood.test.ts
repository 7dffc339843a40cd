import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { eventually } from '../../../../test/harness/eventually.ts';
import { findComponent, missing } from '../../../../test/harness/index.ts';
import { makePerson } from '../../../../test/harness/people.ts';
import { goodPassword, send } from '../fixture.ts';
import { openLimited } from './fixture.ts';
import type { LimitedServers } from './fixture.ts';

const cap = 10;

/** Another address typed each time, so that only the caller's own address limits it. */
const script = `
local count = 0
answers = {}
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["x-forwarded-for"] = "192.0.2.66"
function request()
  count = count + 1
  return wrk.format(nil, nil, nil, '{"email":"flood-' .. count .. '@example.org","password":"a guess of some length"}')
end
function response(status)
  answers[status] = (answers[status] or 0) + 1
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function done()
  for _, thread in ipairs(threads) do
    for status, times in pairs(thread:get("answers")) do print("status " .. status .. " " .. times) end
  end
end
`;

const skip = missing('wrk');
let limited: LimitedServers;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-flood-'));
  await writeFile(join(folder, 'flood.lua'), script);
  limited = await openLimited({ servers: 2 });
});
after(async () => {
  await limited.close();
  await rm(folder, { recursive: true });
});

type Flood = { stop: () => Promise<{ answers: Map<number, number>; seconds: number }> };

/** Floods until it is stopped, and then tells how often it was answered with each status. */
function startFlood(url: string): Flood {
  const begun = performance.now();
  const options = [
    '-t',
    '1',
    '-c',
    '64',
    '-d',
    '300s',
    '-s',
    join(folder, 'flood.lua'),
    `${url}/api/session`,
  ];
  const wrk = spawn(findComponent('wrk') ?? 'wrk', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  const told = text(wrk.stdout);
  return {
    stop: async () => {
      // It counts together what it has when it is interrupted.
      wrk.kill('SIGINT');
      const lines = [...(await told).matchAll(/^status (\d+) (\d+)$/gm)];
      const answers = new Map(lines.map(([, status, times]) => [Number(status), Number(times)]));
      return { answers, seconds: (performance.now() - begun) / 1000 };
    },
  };
}

test('EDG-2 AUT-3 while wrk floods sign-in from one address, others sign in', { skip }, async (context) => {
  const [url = ''] = limited.urls;
  const email = `${randomUUID()}@example.org`;
  await makePerson(limited.database, { email, password: goodPassword, name: 'P', tenantName: 'T' });
  const flood = startFlood(url);
  const begun = async () => (limited.passwords.compared >= cap ? true : undefined);
  await eventually(begun, { what: 'the flood to reach its cap' });
  const times: number[] = [];
  const signIn = async (): Promise<void> => {
    const start = performance.now();
    const { status } = await send(url, '/api/session', {
      headers: { 'x-forwarded-for': '192.0.2.2' },
      json: { email, password: goodPassword },
    });
    assert.equal(status, 200);
    times.push(Math.round(performance.now() - start));
  };
  try {
    for (let turn = 0; turn < 5; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one person, one sign-in after the other
      await signIn();
    }
  } finally {
    const { answers, seconds } = await flood.stop();
    const refused = answers.get(429) ?? 0;
    const rate = Math.round(refused / seconds);
    context.diagnostic(`sign-ins took ${times.join(', ')} ms beside ${rate} refused a second`);
    assert.deepEqual(
      [...answers.keys()].toSorted((one, other) => one - other),
      [401, 429],
    );
    assert.ok(refused > 100, `${refused} refused`);
    assert.equal(answers.get(401), cap);
  }
  assert.equal(limited.passwords.compared, cap + times.length, 'what was refused computed no hash');
});
