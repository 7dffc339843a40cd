import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Erasure } from '@bulkhead/platform/audit';
import { defineCommand, exit } from '../command-line/command.ts';
import { usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

export const auditErasures = defineCommand({
  name: ['audit', 'erasures'],
  summary: 'list the erasures on record, or replay them',
  description:
    'A backup from before an erasure holds what was erased. Keep this list outside the database, and replay it into a ' +
    'restored one before it serves anybody. Replaying twice does no harm.',
  options: {
    replay: { kind: 'text', placeholder: 'FILE', summary: 'what --json printed earlier' },
    ...databaseOptions,
  },
  examples: [
    { line: 'bulkhead audit erasures --json > erasures.json', does: 'keep the record outside' },
    { line: 'bulkhead audit erasures --replay erasures.json', does: 'erase again, after a restore' },
  ],
  async run({ replay, ...values }, terminal) {
    const [{ asWorker }, { eraseSubject, listErasures }] = await Promise.all([
      import('../audit/asWorker.ts'),
      import('@bulkhead/platform/audit'),
    ]);
    if (replay === undefined) {
      const erasures = await asWorker(values, terminal, listErasures);
      const lines = erasures.map(
        ({ through, tenantId, subjectId }) => `${through}  ${tenantId}  ${subjectId}`,
      );
      terminal.answer({
        json: { erasures },
        text: lines.length === 0 ? 'None on record.' : lines.join('\n'),
      });
      return exit.ok;
    }
    const kept = readKept(await readFile(resolve(terminal.folder, replay), 'utf8'));
    const erased = await asWorker(values, terminal, async (client) => {
      let sum = 0;
      for (const erasure of kept) sum += (await eraseSubject(client, erasure)).erased;
      return sum;
    });
    terminal.answer({
      json: { replayed: kept.length, erased },
      text: `${kept.length} erasures replayed; ${erased} entries had their values back and have lost them again.`,
    });
    return exit.ok;
  },
});

function readKept(text: string): Required<Erasure>[] {
  try {
    return (JSON.parse(text) as { erasures: Required<Erasure>[] }).erasures.map((erasure) => ({
      ...erasure,
    }));
  } catch {
    throw usageFailure('--replay takes a file that bulkhead audit erasures --json wrote.');
  }
}
