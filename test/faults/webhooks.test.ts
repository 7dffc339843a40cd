import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { test } from 'node:test';
import { temporaryFolder } from '../acceptance/command.ts';
import { killSendersUnderLoad, webhooksHeld } from './webhooks.ts';

test('EDG-6 senders, connections and Postgres killed again and again: every acknowledged event arrives, none that was undone', async (t) => {
  const folder = await temporaryFolder(t);
  await chmod(folder, 0o711);
  const report = await killSendersUnderLoad({ seed: 6, kills: 5, writers: 3, folder });
  t.diagnostic(JSON.stringify(report));
  assert.ok(webhooksHeld(report), JSON.stringify(report));
  assert.ok(report.acknowledged > 20 && report.found === report.acknowledged);
  // The control: an event that never came, or that nobody made, would be counted.
  assert.ok(!webhooksHeld({ ...report, lost: 1 }) && !webhooksHeld({ ...report, unfounded: 1 }));
});
