import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../acceptance/command.ts';
import { restartPostgresUnderLoad } from './postgresRestarts.ts';

const linux = process.platform !== 'linux' && 'reads /proc';

test(
  'T-70: Postgres ended again and again under load loses nothing that was acknowledged',
  { skip: linux },
  async (t) => {
    const folder = await temporaryFolder(t);
    const report = await restartPostgresUnderLoad({ seed: 70, kills: 4, writers: 4, folder });
    t.diagnostic(JSON.stringify(report));
    assert.ok(report.survived, 'the process that serves never died');
    assert.equal(report.lost, 0);
    assert.deepEqual(report.unclean, [], 'every refusal was a clean one');
    assert.ok(report.acknowledged > 0);
    assert.ok(report.afterLast > 0, 'it serves again afterwards');
    assert.equal(report.kills, 4);
  },
);
