import { defineCommand, exit } from '../command-line/command.ts';
import { usageFailure } from '../command-line/failure.ts';
import type { Inspection } from '../context/inspect.ts';
import { keyOptions } from './keyOptions.ts';

function describe(inspection: Inspection): string {
  if (!inspection.valid) return `refused: ${inspection.reason} (${inspection.code})`;
  const { actor } = inspection;
  return [
    'valid',
    `tenant      ${inspection.tenant}`,
    `company     ${inspection.company ?? 'all'}`,
    `actor       ${actor.kind} ${actor.id}${actor.onBehalfOf === null ? '' : ` for ${actor.onBehalfOf}`}`,
    `key         ${inspection.keyId}`,
    `expires at  ${inspection.expiresAt}`,
  ].join('\n');
}

export const contextInspect = defineCommand({
  name: ['context', 'inspect'],
  summary: 'check a context token and show what it says',
  description:
    'Reads a token from stdin, because what stands on a command line is visible to other processes. Checks its seal ' +
    'and expiry with the key of the key file, and shows its fields. The key is never shown.',
  options: keyOptions,
  examples: [
    { line: 'bulkhead context inspect < token.txt', does: 'check the token in a file' },
    { line: 'bulkhead context mint … | bulkhead context inspect --json', does: 'mint one and read it back' },
  ],
  no: 'the token is refused: forged, expired, cut off, or of an unknown key',
  async run(values, terminal) {
    const token = (await terminal.input()).trim();
    if (token === '') throw usageFailure('Give the token on stdin: bulkhead context inspect < token.txt');
    const [{ inspectContext }, { readNamedKey }] = await Promise.all([
      import('../context/inspect.ts'),
      import('../context/namedKey.ts'),
    ]);
    const key = await readNamedKey(values, terminal);
    const inspection = inspectContext(token, { keys: [key], clock: Date.now });
    terminal.answer({ json: inspection, text: describe(inspection) });
    return inspection.valid ? exit.ok : exit.no;
  },
});
