import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { AttackResult } from '../../packages/prover/src/findings.ts';
import { missing } from '../harness/index.ts';
import { attackControl, build, fingerprint, paste, readControls, tear } from './lab.ts';
import type { Control } from './control.ts';

const controls = readControls();
const tally = { right: 0, invented: 0, missed: 0 };

describe('PRO-4: negative controls, each with one hole, and sound schemas that look like them', () => {
  for (const control of controls)
    test(`PRO-4: ${control.name}`, async (t) => {
      const built = await build(control);
      try {
        const before = await fingerprint(built.client);
        const result = await attackControl(control, built.client, { database: built.database });
        assert.equal(await fingerprint(built.client), before, 'the database is as it was');
        const { invented, missed } = judge(control, result);
        assert.deepEqual({ invented, missed }, { invented: [], missed: [] });
        const undecided = result.cells.filter(
          ({ verdict, attack }) => verdict === 'inconclusive' && attack !== 'statistics',
        );
        assert.deepEqual(
          undecided.map(({ table, attack, reason }) => `${table} ${attack}: ${reason}`),
          [],
        );
        await t.test('its scripts show in psql what they say', { skip: missing('psql') }, () =>
          pasteAll(built, result),
        );
      } finally {
        await tear(built);
      }
    });

  after(() => {
    const precision = tally.right / (tally.right + tally.invented);
    const recall = tally.right / (tally.right + tally.missed);
    console.log(
      `# controls ${controls.length}, leaks ${tally.right}, precision ${precision}, recall ${recall}`,
    );
    assert.deepEqual([precision, recall], [1, 1]);
  });
});

function judge(control: Control, { cells }: AttackResult): { invented: string[]; missed: string[] } {
  const found = cells.filter(({ verdict }) => verdict === 'leaked');
  const invented = found
    .filter(({ table, attack }) => !control.leaks(table, attack))
    .map(({ table, attack }) => `${table} ${attack}`);
  const missed = cells
    .filter(({ table, attack, verdict }) => control.leaks(table, attack) && verdict !== 'leaked')
    .map(
      ({ table, attack, verdict, evidence, reason }) =>
        `${table} ${attack}: ${verdict} ${evidence ?? ''} ${reason ?? ''}`,
    );
  // What is said to leak must at least have been tried.
  const untried = control.expected.filter(
    (name) => !cells.some(({ table, attack }) => name === `${table} ${attack}` || name === `* ${attack}`),
  );
  tally.right += found.length - invented.length;
  tally.invented += invented.length;
  tally.missed += missed.length + untried.length;
  return { invented, missed: [...missed, ...untried] };
}

async function pasteAll(
  { database }: Awaited<ReturnType<typeof build>>,
  { cells }: AttackResult,
): Promise<void> {
  for (const { table, attack, verdict, evidence, reproduction } of cells) {
    if (verdict !== 'leaked') continue;
    assert.ok(reproduction !== null && evidence !== null, `${table} ${attack} has a script`);
    const { output, errors } = await paste(database.connections.superuser, reproduction);
    const named = `${table} ${attack}\n${reproduction}\n${output}\n${errors}`;
    if (evidence.startsWith('ERROR')) {
      assert.equal(
        errors
          .trim()
          .split('\n')
          .find((line) => line.startsWith('ERROR')),
        evidence,
        named,
      );
      continue;
    }
    assert.equal(errors, '', named);
    const last = output.slice(0, output.lastIndexOf('ROLLBACK')).trimEnd().split('\n');
    assert.ok(attack === 'explain' ? output.includes(evidence) : last.at(-1) === evidence, named);
  }
}
