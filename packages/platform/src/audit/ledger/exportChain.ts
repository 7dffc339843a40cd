import { serviceChain } from './encoding.ts';
import type { ExportHeader } from './exportFile.ts';
import type { AuditorClient } from './auditorClient.ts';

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
    const notes = await client.query(
      'select note, size from bulkhead.audit_checkpoint where tenant_id = $1 order by size',
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
    const tenant = chain === serviceChain ? 'e.tenant_id is null' : 'e.tenant_id = l.tenant_id';
    // Base64 of Postgres breaks lines after 76 characters.
    const base64 = (bytes: string): string => `translate(encode(${bytes}, 'base64'), E'\\n', '')`;
    await client.query(`declare lines no scroll cursor for
      select '{"seq":' || l.seq || ',"leaf":"' || ${base64('l.leaf')} || '"'
        || coalesce(',"entry":"' || ${base64('bulkhead.audit_entry_bytes(e)')} || '"', '') || E'}\\n' as line
      from bulkhead.audit_link l
      left join bulkhead.audit_entry e on ${tenant} and e.id = l.entry_id and e.occurred_at = l.occurred_at
      where l.tenant_id = '${chain}' and l.seq < ${size} order by l.seq`);
    let written = 0;
    for (;;) {
      const { rows } = await client.query('fetch 5000 from lines');
      if (rows.length > 0) await write(rows.map(({ line }) => String(line)).join(''));
      written += rows.length;
      if (rows.length < 5000) return written;
    }
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}
