import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { missing } from '../harness/index.ts';
import { shortScan, sqlmap, wapiti } from './scanners.ts';
import { openTarget, type Target } from './target.ts';

const skip = missing('wapiti', 'sqlmap');
let target: Target;
before(async () => {
  if (skip === false) target = await openTarget();
});
after(async () => {
  if (skip === false) await target.close();
});

const answered = (wanted: (status: number) => boolean): string[] =>
  target.operations
    .filter(({ id }) => [...(target.relay.statuses.get(id)?.keys() ?? [])].some(wanted))
    .map(({ id }) => id);

/** How often each procedure was asked. */
const asked = (): Map<string, number> =>
  new Map(
    target.operations.map(({ id }) => {
      const counts = [...(target.relay.statuses.get(id)?.values() ?? [])];
      return [id, counts.reduce((sum, count) => sum + count, 0)];
    }),
  );

/** Procedures with fields that a scanner asked less often than they have fields. */
function passedBy(before: ReadonlyMap<string, number>): string[] {
  const now = asked();
  return target.operations
    .filter(({ id, fields }) => (now.get(id) ?? 0) - (before.get(id) ?? 0) < fields.length)
    .map(({ id }) => id);
}

test('signed in as a tenant’s owner, most procedures do what they are asked', { skip }, () => {
  const { operations } = target;
  const done = answered((status) => status < 300);
  assert.ok(operations.length >= 130, `${operations.length} procedures`);
  assert.ok(
    done.length > operations.length / 2,
    `${done.length} of ${operations.length}: ${done.join(', ')}`,
  );
});

test(
  'EDG-4 wapiti finds nothing in any procedure, and all of it in a page made to be found',
  { skip },
  async () => {
    const before = asked();
    const findings = await wapiti(target, shortScan);
    assert.deepEqual(passedBy(before), []);
    assert.deepEqual(
      findings.filter(({ at }) => at !== '/control'),
      [],
    );
    const found = findings.map(({ kind, field }) => `${kind}: ${field}`).toSorted();
    assert.deepEqual(found, ['Cross Site Scripting: word', 'Open Redirect: next', 'SQL Injection: word']);
  },
);

test(
  'EDG-4 sqlmap finds nothing in any procedure, and the injection of a page made to be found',
  { skip },
  async () => {
    const before = asked();
    assert.deepEqual(await sqlmap(target, shortScan), [
      { kind: 'SQL Injection', at: '/control', field: 'word' },
    ]);
    assert.deepEqual(passedBy(before), []);
  },
);

test('EDG-4 nothing that scanners type in is a fault of the server or limited away', { skip }, () => {
  assert.deepEqual(target.faults(), []);
  assert.deepEqual(
    answered((status) => status >= 500),
    [],
  );
  assert.deepEqual(
    answered((status) => status === 429),
    [],
  );
  // One without a field gives a scanner nothing to write into, and may be left out.
  const never = target.operations
    .filter(({ id, fields }) => fields.length > 0 && !target.relay.statuses.has(id))
    .map(({ id }) => id);
  assert.deepEqual(never, []);
});
