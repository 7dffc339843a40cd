import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { ContextSealer, TenantPool } from '@bulkhead/kernel';
import { exportEntries, type EntryFilter } from '@bulkhead/platform/audit';
import { writeExport } from '@bulkhead/platform/audit/ledger';
import { connectionOf } from '@bulkhead/server';
import { exit, type Values } from '../command-line/command.ts';
import { CommandFailure, usageFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { withDatabase, type DatabaseConfig } from '../database/openDatabase.ts';
import { asAuditor } from './asAuditor.ts';
import type { auditOptions } from './options.ts';

type ExportValues = Values<typeof auditOptions> & {
  tenant: string;
  output: string;
  format: string;
  from?: string | undefined;
  to?: string | undefined;
  type?: string | undefined;
  actor?: string | undefined;
};

/** Whoever works on the command line has no account; entries say `service` and this id. */
const commandLine = '00000000-0000-0000-0000-000000000000';
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type Write = (text: string) => Promise<void>;

/** @throws CommandFailure when the file exists, or a filter cannot be understood */
export async function exportAudit(values: ExportValues, terminal: Terminal): Promise<typeof exit.ok> {
  const { tenant, format } = values;
  const filter = readFilter(values);
  if (!uuid.test(tenant)) throw usageFailure('--tenant takes a UUID.');
  if (!['chain', 'jsonl', 'csv'].includes(format)) throw usageFailure('--format takes chain, jsonl or csv.');
  if (format === 'chain' && Object.values(filter).some((value) => value !== undefined)) {
    throw usageFailure('A chain is verified whole: --from, --to, --type and --actor are for jsonl and csv.');
  }
  const path = resolve(terminal.folder, values.output);
  const bytes = await toFile(path, async (write) => {
    if (format === 'chain') {
      await asAuditor(values, terminal, ({ client, name }) =>
        writeExport(client, { chain: tenant, origin: `${name}/audit/${tenant}`, write }),
      );
    } else {
      await withDatabase(values, terminal, (config) =>
        writeEntries(config, { tenant, format: format === 'csv' ? 'csv' : 'jsonl', filter, write }),
      );
    }
  });
  terminal.answer({
    json: { tenant, format, file: path, bytes },
    text: `${bytes} bytes written to ${path}.`,
  });
  return exit.ok;
}

function readFilter({ from, to, type, actor }: ExportValues): EntryFilter {
  if (actor !== undefined && !uuid.test(actor)) throw usageFailure('--actor takes a UUID.');
  return { from: day('--from', from), to: day('--to', to), targetType: type, actorId: actor };
}

function day(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(`${text}T00:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(date.getTime()))
    throw usageFailure(`${option} takes YYYY-MM-DD.`);
  return date;
}

/** Entries of a filter, read as bulkhead_app under a context of the tenant. */
export async function writeEntries(
  { database, context }: Pick<DatabaseConfig, 'database' | 'context'>,
  options: { tenant: string; format: 'csv' | 'jsonl'; filter: EntryFilter; write: Write },
): Promise<void> {
  const { tenant, format, filter, write } = options;
  const pool = new TenantPool({
    connection: { ...connectionOf(database, 'app'), max: 1 },
    sealer: new ContextSealer({ key: { id: context.keyId, secret: context.key } }),
  });
  try {
    const session = pool.as({ tenant, actor: { kind: 'service', id: commandLine } });
    for await (const piece of await exportEntries(session, { format, filter })) await write(piece);
  } finally {
    await pool.close();
  }
}

/** Writes a file that others may not read; what fails leaves none behind. */
export async function toFile(path: string, work: (write: Write) => Promise<void>): Promise<number> {
  const out = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  const done = finished(out);
  // Awaited below; until then a failure must not count as nobody's.
  done.catch(() => undefined);
  try {
    await work(async (text) => {
      if (!out.write(text)) await Promise.race([once(out, 'drain'), done]);
    });
    out.end();
    await done;
    return out.bytesWritten;
  } catch (error) {
    out.destroy();
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new CommandFailure('file_exists', `${path} exists already.`, { hint: 'Name another file.' });
    }
    await rm(path, { force: true });
    throw error;
  }
}
