/** The command `node verify-audit.mjs`: checks an export or a proof with nothing but Node. */
import { open, readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { decodeEntry } from './encoding.ts';
import { proofHolds, type EntryProof } from './entryProof.ts';
import { verifyExport, type ExportReport } from './exportFile.ts';
import { ExportError } from './exportLines.ts';
import { verifiersFor } from './key.ts';
import { NoteError, parseCheckpoint, parseNote, parseVerifier, signaturesOf, type Verifier } from './note.ts';
import { openAnchor } from './notes.ts';

/** 0 fine, 1 tampered, 2 could not check, 3 usage: a check that did not happen is never taken for one that failed, or passed. */
export type OfflineExit = 0 | 1 | 2 | 3;

const usage = `node verify-audit.mjs FILE --key KEY [--key KEY] [--anchor PATH]… [--json]

  FILE      an export (JSON Lines) or a proof of one entry (JSON)
  --key     the public key of the installation, as it publishes it: name/audit+hash+base64
  --anchor  a folder of checkpoints, or one .note file, kept outside the database
  --json    print the report as one JSON object

Exit codes: 0 everything holds, 1 something was tampered with, 2 it could not be checked, 3 usage.
`;

function say(report: ExportReport): string {
  const lines = report.findings.map(({ kind, seq, detail }) => `TAMPERED (${kind}) at ${seq}: ${detail}`);
  const uncovered = report.size - report.checkpointed;
  const cut = report.cut > 0 ? `, ${report.cut} behind a retention cut` : '';
  const withheld = report.withheld > 0 ? `\n${report.withheld} entries were not given.` : '';
  const tail = uncovered > 0 ? `\n${uncovered} entries at the end are not covered by a checkpoint yet.` : '';
  const sound = `${report.origin}: ${report.entries} entries hold${cut}; ${report.checkpoints} checkpoints agree, the last of ${report.checkpointed}.${tail}${withheld}`;
  return lines.length === 0 ? sound : lines.join('\n');
}

async function checkProof(
  proof: EntryProof,
  keys: readonly Verifier[],
): Promise<{ exit: OfflineExit; text: string; json: object }> {
  const note = parseNote(proof.checkpoint);
  const { origin, size } = parseCheckpoint(note.text);
  if (signaturesOf(note, verifiersFor(keys, origin)).length === 0)
    throw new ExportError('Its checkpoint is not signed by a key you gave.');
  const holds = proofHolds(proof, keys);
  const fields = decodeEntry(Buffer.from(proof.entry, 'base64'));
  const shown = JSON.stringify(fields, undefined, 2);
  const text = holds
    ? `${origin}: entry ${fields?.id} stands at ${proof.index} of ${size}.\n${shown}`
    : 'TAMPERED: the proof does not hold.';
  return { exit: holds ? 0 : 1, text, json: { holds, origin, size, index: proof.index, entry: fields } };
}

async function head(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function checkFile(file: string, keys: readonly Verifier[], anchorPaths: readonly string[]) {
  if ((await head(file)).includes('"bulkhead-audit-proof/1"')) {
    return checkProof(JSON.parse(await readFile(file, 'utf8')) as EntryProof, keys);
  }
  const anchors = await Promise.all(anchorPaths.map(openAnchor));
  const report = await verifyExport(file, { verifiers: keys, ...(anchorPaths.length > 0 && { anchors }) });
  const json = { ...report, root: report.root.toString('base64') };
  return { exit: report.findings.length > 0 ? (1 as const) : (0 as const), text: say(report), json };
}

type Streams = { out: (text: string) => void; error: (text: string) => void };

/** @param args the command line without node and the file's name */
export async function runOffline(args: readonly string[], { out, error }: Streams): Promise<OfflineExit> {
  let request: { file: string; keys: Verifier[]; anchors: string[]; json: boolean };
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        key: { type: 'string', multiple: true, default: [] },
        anchor: { type: 'string', multiple: true, default: [] },
        json: { type: 'boolean', default: false },
      },
    });
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0 || values.key.length === 0)
      throw new Error('a file and a key are needed');
    request = { file, keys: values.key.map(parseVerifier), anchors: values.anchor, json: values.json };
  } catch (problem) {
    error(`${problem instanceof Error ? problem.message : String(problem)}\n\n${usage}`);
    return 3;
  }
  try {
    const { exit, text, json } = await checkFile(request.file, request.keys, request.anchors);
    out(request.json ? `${JSON.stringify(json)}\n` : `${text}\n`);
    return exit;
  } catch (problem) {
    const expected = problem instanceof ExportError || problem instanceof NoteError;
    error(`Could not check: ${problem instanceof Error ? problem.message : String(problem)}\n`);
    if (!expected && !(problem instanceof Error && 'code' in problem))
      error('Nothing is known about the file.\n');
    return 2;
  }
}
