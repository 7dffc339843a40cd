import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { attack, attacks, buildReport, rules, scan, type Report } from '../../packages/prover/src/index.ts';
import type { Control } from './control.ts';
import { build, readControls, sealOf, tear } from './lab.ts';

/** Holes that only SQL of one's own reaches count here too, but not that any plain setting can be rewritten by it. */
const open = new Set(['context rewrite', 'explain', 'role change']);

/** What the command does with a database that it is told nothing of, or the roles where they cannot be inferred. */
async function prove(control: Control): Promise<{ scanned: Report; attacked: Report }> {
  const made = await build(control);
  const { client } = made;
  try {
    let found = await scan({ client });
    const each = found.model.carriers.some(({ kind }) => kind === 'role');
    if (found.model.applicationRoles.length < (each ? 2 : 1))
      found = await scan({ client, settings: { roles: control.roles } });
    const sealed = found.model.carriers.some(({ kind }) => kind === 'sealed');
    const seal = sealed ? sealOf(made.database) : undefined;
    const result = await attack({ client, catalog: found.catalog, model: found.model, seal });
    const parts = {
      version: 'test',
      startedAt: new Date(),
      seconds: 0,
      catalog: found.catalog,
      model: found.model,
      unseen: found.unseen,
      baseline: null,
    };
    const scanPart = { rules, findings: found.findings };
    return {
      scanned: buildReport({ ...parts, command: 'scan', scan: scanPart, attack: null }),
      attacked: buildReport({ ...parts, command: 'attack', scan: null, attack: { result, attacks } }),
    };
  } finally {
    await tear(made);
  }
}

const leaksOf = ({ attack: attacked }: Report): string[] =>
  (attacked?.cells ?? [])
    .filter(({ verdict, attack: id }) => verdict === 'leaked' && !open.has(id))
    .map(({ table, attack: id }) => `${table} ${id}`);

describe('PRO-4 the commands end with the right code on every negative control, inferring how tenants are told apart', () => {
  for (const control of readControls()) {
    test(control.name, { timeout: 60_000 }, async () => {
      const { scanned, attacked } = await prove(control);
      const inconclusive = (attacked.attack?.cells ?? [])
        .filter(({ verdict }) => verdict === 'inconclusive')
        .map(({ table, attack: id, reason }) => `${table} ${id}: ${reason}`);
      const { unseen, model } = attacked;
      const said = JSON.stringify({ leaks: leaksOf(attacked), inconclusive, unseen, model });
      // A role that may touch nothing at all is more likely a misunderstanding than a proof.
      if (control.name === 'sound-no-grant') assert.equal(attacked.exitCode, 2, said);
      else if (control.name.includes('sound-')) assert.equal(attacked.exitCode, 0, said);
      else assert.ok(attacked.exitCode === 1 || scanned.exitCode === 1, said);
    });
  }
});
