import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { test } from 'node:test';
import { temporaryFolder } from '../acceptance/command.ts';
import { auditHeld, killAuditUnderLoad } from './audit.ts';

const linux = process.platform !== 'linux' && 'reads /proc';

test(
  'T-60 T-62 Postgres, sealers, signer and connections killed again and again: no entry lost, forked, repeated or left out',
  { skip: linux },
  async (t) => {
    const folder = await temporaryFolder(t);
    await chmod(folder, 0o711);
    const report = await killAuditUnderLoad({ seed: 60, kills: 12, writers: 8, folder });
    t.diagnostic(JSON.stringify(report));
    assert.ok(auditHeld(report), JSON.stringify(report));
    assert.ok(report.acknowledged > 0 && report.verifications > 0 && report.anchored > 0);
    // The control: an acknowledged write whose entry is not there would be counted.
    assert.ok(!auditHeld({ ...report, lost: 1 }));
  },
);
