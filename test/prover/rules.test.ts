import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { rules } from '../../packages/prover/src/rules/index.ts';
import { scan, type Scan } from '../../packages/prover/src/scan.ts';
import { createTestDatabase, ownTestServer, type TestDatabase } from '../harness/index.ts';
import { insideTransaction } from './insideTransaction.ts';

const folder = new URL('./fixtures/rules/', import.meta.url);
/** Needs the server's version, not a schema: tested below. */
const withoutFixtures = new Set(['BH069']);

let database: TestDatabase;
let client: pg.Client;

before(async () => {
  database = await createTestDatabase({ template: 'empty', server: await ownTestServer() });
  client = new pg.Client(database.connections.superuser);
  await client.connect();
});
after(async () => {
  await client.end();
  await database.drop();
});

type Fixture = { name: string; rule: string; text: string; base: string; expected: string[] };

async function fixtures(): Promise<Fixture[]> {
  const names = (await readdir(folder)).filter((name) => /^BH\d+\.(bad|good)\.sql$/.test(name));
  return Promise.all(
    names.toSorted().map(async (name) => {
      const text = await readFile(new URL(name, folder), 'utf8');
      const base = /^-- base: (\w+)$/m.exec(text)?.[1] ?? 'plain';
      const expected = [...text.matchAll(/^-- expect: (.+)$/gm)].map(([, line]) => line ?? '');
      return { name, rule: name.slice(0, 5), text, base, expected };
    }),
  );
}

async function scanFixture({ base, text }: Pick<Fixture, 'base' | 'text'>): Promise<Scan> {
  await client.query('begin');
  try {
    await client.query(await readFile(new URL(`base.${base}.sql`, folder), 'utf8'));
    await client.query(text);
    await client.query('reset role');
    return await scan({ client: insideTransaction(client) });
  } finally {
    await client.query('rollback');
  }
}

/** Findings as the fixtures write them. Information counts only where it is the fixture's own rule that tells it. */
function found({ findings }: Scan, rule: string): string[] {
  return findings
    .filter((finding) => finding.severity !== 'info' || finding.rule === rule)
    .map(
      (finding) =>
        `${finding.rule} ${finding.object.kind} ${finding.object.kind === 'database' ? '*' : finding.object.name}`,
    );
}

test('PRO-4: over all fixtures the scan finds every hole and nothing else', async (t) => {
  const missed: string[] = [];
  const wrong: string[] = [];
  let right = 0;
  for (const fixture of await fixtures()) {
    const actual = found(await scanFixture(fixture), fixture.rule);
    missed.push(
      ...fixture.expected.filter((each) => !actual.includes(each)).map((each) => `${fixture.name}: ${each}`),
    );
    wrong.push(
      ...actual.filter((each) => !fixture.expected.includes(each)).map((each) => `${fixture.name}: ${each}`),
    );
    right += fixture.expected.filter((each) => actual.includes(each)).length;
  }
  t.diagnostic(
    `precision ${right / (right + wrong.length)}, recall ${right / (right + missed.length)}, findings expected ${right + missed.length}`,
  );
  assert.deepEqual({ missed, wrong }, { missed: [], wrong: [] });
});

test('PRO-1: the SQL that a finding offers closes it', async () => {
  const failed: string[] = [];
  let closed = 0;
  for (const fixture of (await fixtures()).filter(({ name }) => name.endsWith('.bad.sql'))) {
    const result = await scanFixture(fixture);
    const fixes = result.findings.filter(({ rule, fix }) => rule === fixture.rule && fix !== null);
    if (fixes.length === 0) continue;
    try {
      const after = await scanFixture({
        ...fixture,
        text: [fixture.text, 'reset role;', ...fixes.map(({ fix }) => fix)].join('\n'),
      });
      const left = new Set(after.findings.map(({ fingerprint }) => fingerprint));
      failed.push(
        ...fixes
          .filter(({ fingerprint }) => left.has(fingerprint))
          .map(({ fingerprint }) => `still found: ${fingerprint}`),
      );
      closed += fixes.length;
    } catch (error) {
      failed.push(`${fixture.name}: ${String(error)}: ${fixes.map(({ fix }) => fix).join(' ')}`);
    }
  }
  assert.deepEqual(failed, []);
  assert.ok(closed > 30);
});

test('PRO-4: every rule has a fixture that breaks it and one that does not', async () => {
  const all = await fixtures();
  for (const { id } of rules.filter((rule) => !withoutFixtures.has(rule.id))) {
    assert.ok(
      all.some(
        ({ name, expected }) => name === `${id}.bad.sql` && expected.some((each) => each.startsWith(id)),
      ),
      `${id}.bad.sql`,
    );
    assert.ok(
      all.some(
        ({ name, expected }) => name === `${id}.good.sql` && !expected.some((each) => each.startsWith(id)),
      ),
      `${id}.good.sql`,
    );
  }
});

test('PRO-1: rules have ids of their own, and every trap that a catalog can show is some rule’s', () => {
  assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length);
  const cited = new Set(rules.flatMap(({ cites }) => cites));
  // Drivers’ own defects: no catalog shows how a client sends its queries.
  const unseenByCatalogs = ['T-20', 'T-21'];
  const traps = Array.from({ length: 27 }, (_, place) => `T-${place + 1}`);
  assert.deepEqual(
    traps.filter((trap) => !cited.has(trap)),
    unseenByCatalogs,
  );
});

for (const base of ['plain', 'supabase']) {
  test(`PRO-4: the sound ${base} database has no finding`, async () => {
    const result = await scanFixture({ base, text: '' });
    assert.deepEqual(found(result, ''), []);
    assert.deepEqual(result.unseen, []);
    assert.equal(result.model.tables.length, 1);
  });
}
