/** Checks the chains of a live database: in one snapshot, streaming, each entry's bytes put together here from its columns. */
import type { AuditorClient } from './auditorClient.ts';
import {
  ChainVerifier,
  type ChainReport,
  type Finding,
  type Start,
  type TrustedCheckpoint,
} from './chainVerifier.ts';
import { serviceChain } from './encoding.ts';
import { CheckpointFeed, cutIn, keep } from './exportFile.ts';
import type { Verifier } from './note.ts';
import { forged, inOrder, trustedCheckpoint, trustedInOrder, type NoteSource } from './notes.ts';
import { falseValues, lostValues } from './personalValues.ts';
import { entryBytes, entryOf, readEntry, readStrays, shortEntry } from './storedEntries.ts';

export type DatabaseReport = ChainReport & {
  readonly chain: string;
  readonly origin: string;
  /** Entries that are committed and wait to be sealed. */
  readonly waiting: number;
};

export type VerifyOptions = {
  /** The installation's name, as it begins the origins. */
  readonly name: string;
  /** Keys of checkpoints; `<name>/audit` serves all chains. */
  readonly verifiers: readonly Verifier[];
  /** Places outside the database that keep notes. */
  readonly anchors?: readonly NoteSource[];
  /** One chain only. */
  readonly chain?: string;
  /** Where an earlier sound check ended: what lies before is not read again. */
  readonly resume?: ReadonlyMap<string, Start>;
  /**
   * With `resume`: neither looks among what lies before for entries that were never sealed, nor at the values beside it. For checks
   * every few minutes, with a whole one now and then.
   */
  readonly onlyNew?: boolean;
  /** Told about every 20,000 entries: entries checked, and entries there are. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Handed the position of each chain that was found sound. */
  readonly onSound?: (chain: string, position: Start) => void;
};

/** Rows fetched at a time, of at most 16 KiB each; what is larger is fetched by itself. */
const pageSize = 2000;

async function sizes(client: AuditorClient, options: VerifyOptions): Promise<Map<string, number>> {
  // Not from audit_chain alone: whoever removes a chain removes its row too.
  const each = (name: string, table: string): string => `${name} (chain) as (
      (select tenant_id from bulkhead.${table} order by tenant_id limit 1)
      union all
      select (select n.tenant_id from bulkhead.${table} n where n.tenant_id > l.chain order by n.tenant_id limit 1)
      from ${name} l where l.chain is not null
    )`;
  const { rows } = await client.query(`
    with recursive ${each('linked', 'audit_link')}, ${each('signed', 'audit_checkpoint')}, known (chain) as (
      select tenant_id from bulkhead.audit_chain
      union select chain from signed where chain is not null
      union select chain from linked where chain is not null
    )
    select k.chain, coalesce((select max(l.seq) + 1 from bulkhead.audit_link l where l.tenant_id = k.chain), 0) as size
    from known k order by 1`);
  const found = new Map(rows.map(({ chain, size }) => [String(chain), Number(size)]));
  for (const anchor of options.anchors ?? []) {
    for await (const chain of anchor.chains()) if (!found.has(chain)) found.set(chain, 0);
  }
  if (options.chain === undefined) return found;
  if (!found.has(options.chain))
    throw new Error(`There is no chain ${options.chain}, and no checkpoint of one.`);
  return new Map([[options.chain, found.get(options.chain) ?? 0]]);
}

/**
 * Checks every chain, or one. Runs in one read-only transaction of its own; entries sealed meanwhile are for the next time.
 *
 * @throws the client's error when the database cannot be read: that is not tampering
 */
export async function* verifyDatabase(
  client: AuditorClient,
  options: VerifyOptions,
): AsyncGenerator<DatabaseReport> {
  await client.query('begin isolation level repeatable read read only');
  try {
    await client.query(
      `select pg_catalog.set_config('cursor_tuple_fraction', '1', true), pg_catalog.set_config('TimeZone', 'UTC', true),
         pg_catalog.set_config('search_path', 'pg_catalog', true)`,
    );
    const chains = await sizes(client, options);
    const total = [...chains.values()].reduce((sum, size) => sum + size, 0);
    let done = 0;
    const onEntries = (count: number): void => {
      done += count;
      options.onProgress?.(done, total);
    };
    const keys = { known: false, foreign: 0, others: 0 };
    for (const [chain] of chains) yield await verifyChain(client, { ...options, chain, onEntries, keys });
    if (!keys.known && keys.foreign > 0 && keys.others === 0) throw new UnknownKey();
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

/** No checkpoint in the database or at an anchor is signed by a key that was given: it is the wrong key, or nothing is known. */
export class UnknownKey extends Error {
  override readonly name = 'UnknownKey';

  constructor() {
    super('No checkpoint is signed by a key you gave, so nothing tells whether the log is whole.');
  }
}

type OneChain = VerifyOptions & {
  chain: string;
  onEntries: (count: number) => void;
  /** Whether any checkpoint is by a known key; findings of foreign ones, and all others. */
  keys: { known: boolean; foreign: number; others: number };
};

/** The database's own notes, smallest first. Every one of them must be signed, and for the size it is kept under. */
async function* ownCheckpoints(
  client: AuditorClient,
  options: OneChain & { origin: string; report: (finding: Finding) => void },
): AsyncGenerator<TrustedCheckpoint> {
  const { chain, origin, verifiers, keys, report } = options;
  for (let last = -1; ;) {
    const { rows } = await client.query(
      'select note, size from bulkhead.audit_checkpoint where tenant_id = $1 and size > $2 order by size limit 1000',
      [chain, last],
    );
    for (const row of rows) {
      last = Number(row['size']);
      const found = trustedCheckpoint({ note: String(row['note']), source: 'database' }, origin, verifiers);
      if (found !== undefined && 'kind' in found) {
        keys.others += 1;
        report(found);
      } else if (found === undefined || found.size !== last) {
        keys.foreign += 1;
        report(forged(`the checkpoint of ${last} entries in the database is not signed by a known key`));
      } else yield found;
    }
    if (rows.length < 1000) return;
  }
}

async function* both(
  client: AuditorClient,
  options: OneChain & { origin: string; report: (finding: Finding) => void },
): AsyncGenerator<TrustedCheckpoint> {
  const { anchors = [], origin, verifiers } = options;
  const report = (finding: Finding): void => {
    options.keys.others += 1;
    options.report(finding);
  };
  const [own, kept] = [
    ownCheckpoints(client, options),
    trustedInOrder(anchors, { origin, verifiers, report }),
  ];
  yield* inOrder([own, kept], ({ size }) => size);
}

async function verifyChain(client: AuditorClient, options: OneChain): Promise<DatabaseReport> {
  const { chain, keys, name } = options;
  const origin = `${name}/audit/${chain}`;
  const forgeries: Finding[] = [];
  const feed = new CheckpointFeed(
    both(client, { ...options, origin, report: (finding) => keep(forgeries, finding) }),
  );
  const start = options.resume?.get(chain);
  const verifier = new ChainVerifier({ checkpoints: [], ...(start !== undefined && { start }) });
  const found = start === undefined ? [] : await startStands(client, chain, start);
  const { cutBefore, since } = await readLinks(client, { ...options, verifier, feed });
  await feed.rest(verifier);
  keys.known ||= feed.count > 0;
  const above = options.onlyNew === true && start !== undefined ? since : undefined;
  const waiting = await readStrays(client, { chain, verifier, above });
  const report = verifier.finish({ cutBefore });
  const values = [...(await falseValues(client, chain, above)), ...(await lostValues(client, chain, above))];
  const findings = [...forgeries, ...found, ...report.findings, ...values];
  keys.others += findings.length - forgeries.length;
  if (findings.length === 0) options.onSound?.(chain, verifier.position);
  return { ...report, findings, chain, origin, waiting };
}

/** The link where the earlier check ended is still what it was. */
async function startStands(
  client: AuditorClient,
  chain: string,
  { size, previous }: Start,
): Promise<Finding[]> {
  if (size === 0) return [];
  const { rows } = await client.query(
    'select leaf from bulkhead.audit_link where tenant_id = $1 and seq = $2',
    [chain, size - 1],
  );
  const leaf = rows[0]?.['leaf'];
  if (leaf instanceof Buffer && leaf.equals(previous)) return [];
  const detail = `the chain no longer has the link ${size - 1} at which the earlier check ended`;
  return [{ kind: 'rewritten', seq: size - 1, entryId: null, detail }];
}

/** @returns how far the entries say that a cut reaches; the id of the entry before the first link that was read */
async function readLinks(
  client: AuditorClient,
  { chain, verifier, feed, onEntries }: OneChain & { verifier: ChainVerifier; feed: CheckpointFeed },
): Promise<{ cutBefore: number; since: string }> {
  const { rows: before } = await client.query(
    'select entry_id::text as id from bulkhead.audit_link where tenant_id = $1 and seq = $2',
    [chain, verifier.next - 1],
  );
  // By id alone: an edited time is to be found and named, not missed.
  const query = `
    select j.seq, j.leaf, j.entry_id, j.occurred_at, j.present, ${shortEntry('j.bytes')} as bytes
    from (
      select l.seq, l.leaf, l.entry_id, trunc(extract(epoch from l.occurred_at) * 1000000)::text as occurred_at,
        e.id is not null as present, ${entryBytes} as bytes
      from bulkhead.audit_link l
      left join bulkhead.audit_entry e on ${entryOf(chain)} and e.id = l.entry_id
      where l.tenant_id = '${chain}' and l.seq >= ${verifier.next} order by l.seq offset 0
    ) j order by j.seq`;
  await client.query(`declare links no scroll cursor for ${query}`);
  let cutBefore = 0;
  for (;;) {
    const { rows } = await client.query(`fetch ${pageSize} from links`);
    await feed.upTo(verifier, Number(rows.at(-1)?.['seq'] ?? -1) + 1);
    for (const row of rows) {
      const [seq, id] = [Number(row['seq']), String(row['entry_id'])];
      const entry =
        row['present'] === true
          ? ((row['bytes'] as Buffer | null) ?? (await readEntry(client, chain, id)))
          : undefined;
      if (entry !== undefined) cutBefore = Math.max(cutBefore, cutIn(entry, seq));
      const tenant = chain === serviceChain ? null : chain;
      const claims = { id, occurred_at: String(row['occurred_at']), tenant_id: tenant };
      verifier.push({ seq, leaf: row['leaf'] as Buffer, entry, claims });
    }
    if (rows.length > 0) onEntries(rows.length);
    if (rows.length < pageSize) break;
  }
  await client.query('close links');
  return { cutBefore, since: (before[0]?.['id'] as string | undefined) ?? '0' };
}
