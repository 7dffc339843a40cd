import type { ExportHeader } from './exportFile.ts';
import { entryBytes, entryOf, readEntry, shortEntry } from './storedEntries.ts';
import type { AuditorClient } from './auditorClient.ts';

const mostCheckpoints = 1000;
/** Rows fetched at a time, of at most 16 KiB each; what is larger is fetched by itself. */
const pageSize = 2000;

/**
 * Writes one chain whole, as docs/audit-format.md has it: a header, then a line for each position. Runs in a read-only
 * transaction of its own.
 *
 * @param options `write` takes pieces of text in order; entries after the last checkpoint are left for the next export
 * @returns entries written
 */
export async function writeExport(
  client: AuditorClient,
  options: { chain: string; origin: string; write: (text: string) => Promise<void> },
): Promise<number> {
  const { chain, origin, write } = options;
  await client.query('begin isolation level repeatable read read only');
  try {
    await client.query(`select pg_catalog.set_config('search_path', 'pg_catalog', true)`);
    // Those of a year would be most of the file: the last one proves what all of them do, and the others say where it broke.
    const notes = await client.query(
      `select n.note, n.size from (
         select c.note, c.size, row_number() over (order by c.size desc) as place, count(*) over () as there
         from bulkhead.audit_checkpoint c where c.tenant_id = $1
       ) n
       where (n.place - 1) % (1 + n.there / ${mostCheckpoints}) = 0 order by n.size`,
      [chain],
    );
    const size = Number(notes.rows.at(-1)?.['size'] ?? 0);
    const checkpoints = notes.rows.map(({ note }) => String(note));
    const header: ExportHeader = {
      format: 'bulkhead-audit/1',
      origin,
      first: 0,
      from: 0,
      to: size,
      checkpoints,
    };
    await write(`${JSON.stringify(header)}\n`);
    await client.query(`declare lines no scroll cursor for ${linesSql(chain, size)}`);
    let written = 0;
    for (;;) {
      const { rows } = await client.query(`fetch ${pageSize} from lines`);
      await writeLines(client, chain, { rows, write });
      written += rows.length;
      if (rows.length < pageSize) return written;
    }
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

// Base64 of Postgres breaks lines after 76 characters.
const base64 = (bytes: string): string => `translate(encode(${bytes}, 'base64'), E'\\n', '')`;

const linesSql = (chain: string, size: number): string => `
  select j.seq, j.leaf, j.entry_id, j.present, ${base64(shortEntry('j.bytes'))} as entry
  from (
    select l.seq, ${base64('l.leaf')} as leaf, l.entry_id::text as entry_id, e.id is not null as present, ${entryBytes} as bytes
    from bulkhead.audit_link l
    left join bulkhead.audit_entry e on ${entryOf(chain)} and e.id = l.entry_id and e.occurred_at = l.occurred_at
    where l.tenant_id = '${chain}' and l.seq < ${size} order by l.seq offset 0
  ) j order by j.seq`;

async function writeLines(
  client: AuditorClient,
  chain: string,
  { rows, write }: { rows: Record<string, unknown>[]; write: (text: string) => Promise<void> },
): Promise<void> {
  let text = '';
  for (const { seq, leaf, entry_id: id, present, entry } of rows) {
    const large = present === true && entry === null ? await readEntry(client, chain, String(id)) : undefined;
    const digits = large === undefined ? (entry as string | null) : large.toString('base64');
    const rest = digits === null ? '' : `,"entry":"${digits}"`;
    text += `{"seq":${String(seq)},"leaf":"${String(leaf)}"${rest}}\n`;
    if (large === undefined) continue;
    await write(text);
    text = '';
  }
  if (text !== '') await write(text);
}
