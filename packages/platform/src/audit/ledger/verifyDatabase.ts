/** Checks the chains of a live database: in one snapshot, streaming, each entry's bytes put together here from its columns. */
import { ChainVerifier, type ChainReport, type Finding, type Start } from './chainVerifier.ts';
import { fieldNames, serviceChain } from './encoding.ts';
import { cutIn, trustedCheckpoints } from './exportFile.ts';
import { chainOf } from './key.ts';
import { parseCheckpoint, parseNote, type Verifier } from './note.ts';
import type { AuditorClient } from './auditorClient.ts';
import { falseValues } from './personalValues.ts';

/** A note that was kept outside the database. */
export type KeptNote = { readonly note: string; readonly source: string };

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
  readonly anchors?: readonly KeptNote[];
  /** One chain only. */
  readonly chain?: string;
  /** Where an earlier sound check ended: what lies before is not read again. */
  readonly resume?: ReadonlyMap<string, Start>;
  /** Told about every 20,000 entries: entries checked, and entries there are. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Handed the position of each chain that was found sound. */
  readonly onSound?: (chain: string, position: Start) => void;
};

const pageSize = 5000;

const column = (name: (typeof fieldNames)[number]): string =>
  name === 'occurred_at' ? 'trunc(extract(epoch from e.occurred_at) * 1000000)::text' : `e.${name}::text`;

/** The same expression as bulkhead.audit_entry_bytes, of built-in functions alone: the database's own is not trusted. */
const bytes = `convert_to(E'bulkhead-entry/1\\n' || ${fieldNames
  .map((name) => `coalesce(octet_length(${column(name)})::text || ':' || ${column(name)}, '-') || E'\\n'`)
  .join(' || ')}, 'UTF8')`;

const entryOf = (chain: string): string =>
  chain === serviceChain ? 'e.tenant_id is null' : 'e.tenant_id = l.tenant_id';

async function sizes(client: AuditorClient, options: VerifyOptions): Promise<Map<string, number>> {
  // Not from audit_chain alone: whoever removes a chain removes its row too.
  const { rows } = await client.query(`
    with recursive linked (chain) as (
      (select tenant_id from bulkhead.audit_link order by tenant_id limit 1)
      union all
      select (select n.tenant_id from bulkhead.audit_link n where n.tenant_id > l.chain order by n.tenant_id limit 1)
      from linked l where l.chain is not null
    ), known (chain) as (
      select tenant_id from bulkhead.audit_chain
      union select distinct tenant_id from bulkhead.audit_checkpoint
      union select chain from linked where chain is not null
    )
    select k.chain, coalesce((select max(l.seq) + 1 from bulkhead.audit_link l where l.tenant_id = k.chain), 0) as size
    from known k order by 1`);
  const found = new Map(rows.map(({ chain, size }) => [String(chain), Number(size)]));
  for (const { note } of options.anchors ?? []) {
    const chain = anchoredChain(note, options.name);
    if (chain !== undefined && !found.has(chain)) found.set(chain, 0);
  }
  if (options.chain === undefined) return found;
  if (!found.has(options.chain))
    throw new Error(`There is no chain ${options.chain}, and no checkpoint of one.`);
  return new Map([[options.chain, found.get(options.chain) ?? 0]]);
}

function anchoredChain(note: string, name: string): string | undefined {
  try {
    const { origin } = parseCheckpoint(parseNote(note).text);
    return origin.startsWith(`${name}/`) ? chainOf(origin) : undefined;
  } catch {
    // Told as a finding of the chain it is offered to.
    return undefined;
  }
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

async function notesOf(client: AuditorClient, { chain, anchors = [], name, verifiers, keys }: OneChain) {
  const { rows } = await client.query(
    'select note, size, root from bulkhead.audit_checkpoint where tenant_id = $1 order by size',
    [chain],
  );
  const origin = `${name}/audit/${chain}`;
  const own = rows.map(({ note }) => ({ note: String(note), source: 'database' }));
  const trusted = trustedCheckpoints([...own, ...anchors], origin, verifiers);
  const known = new Set(
    trusted.checkpoints.filter(({ source }) => source === 'database').map(({ size }) => size),
  );
  for (const { size } of rows) {
    if (known.has(Number(size)) || trusted.findings.length > 0) continue;
    const detail = `the checkpoint of ${Number(size)} entries in the database is not signed by a known key`;
    trusted.findings.push({ kind: 'forged_checkpoint', seq: 0, entryId: null, detail });
    keys.foreign += 1;
  }
  keys.known ||= trusted.checkpoints.length > 0;
  return { ...trusted, origin };
}

async function verifyChain(client: AuditorClient, options: OneChain): Promise<DatabaseReport> {
  const { chain } = options;
  const { keys } = options;
  const foreign = keys.foreign;
  const { checkpoints, findings, origin } = await notesOf(client, options);
  const start = options.resume?.get(chain);
  const verifier = new ChainVerifier({ checkpoints, ...(start !== undefined && { start }) });
  const startFinding = start === undefined ? [] : await startStands(client, chain, start);
  const cutBefore = await readLinks(client, { ...options, verifier });
  const waiting = await readStrays(client, { chain, verifier });
  const report = verifier.finish({ cutBefore });
  const all = [...findings, ...startFinding, ...report.findings, ...(await falseValues(client, chain))];
  keys.others += all.length - (keys.foreign - foreign);
  if (all.length === 0) options.onSound?.(chain, verifier.position);
  return { ...report, findings: all, chain, origin, waiting };
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

async function readLinks(
  client: AuditorClient,
  { chain, verifier, onEntries }: OneChain & { verifier: ChainVerifier },
): Promise<number> {
  // By id alone: an edited time is to be found and named, not missed.
  const query = `
    select l.seq, l.leaf, l.entry_id, trunc(extract(epoch from l.occurred_at) * 1000000)::text as occurred_at,
      e.id is not null as present, ${bytes} as bytes
    from bulkhead.audit_link l
    left join bulkhead.audit_entry e on ${entryOf(chain)} and e.id = l.entry_id
    where l.tenant_id = '${chain}' and l.seq >= ${verifier.next} order by l.seq`;
  await client.query(`declare links no scroll cursor for ${query}`);
  let cutBefore = 0;
  for (;;) {
    const { rows } = await client.query(`fetch ${pageSize} from links`);
    for (const row of rows) {
      const entry = row['present'] === true ? (row['bytes'] as Buffer) : undefined;
      if (entry !== undefined) cutBefore = Math.max(cutBefore, cutIn(entry, Number(row['seq'])));
      const claims = {
        id: String(row['entry_id']),
        occurred_at: String(row['occurred_at']),
        tenant_id: chain === serviceChain ? null : chain,
      };
      verifier.push({ seq: Number(row['seq']), leaf: row['leaf'] as Buffer, entry, claims });
    }
    if (rows.length > 0) onEntries(rows.length);
    if (rows.length < pageSize) break;
  }
  await client.query('close links');
  return cutBefore;
}

/**
 * Entries that no link names: those that sealing has not reached wait, every other was put there past the writers. An
 * entry that was given another id or tenant is looked for by the id its link names, wherever it is now.
 */
async function readStrays(
  client: AuditorClient,
  { chain, verifier }: { chain: string; verifier: ChainVerifier },
): Promise<number> {
  const tenant = chain === serviceChain ? 'e.tenant_id is null' : `e.tenant_id = '${chain}'`;
  const unlinked = `${tenant} and not exists (select from bulkhead.audit_link l where l.tenant_id = '${chain}' and l.entry_id = e.id)`;
  const { rows } = await client.query(
    `select s.due, s.bytes from (
       select ${bytes} as bytes, e.id, p.same_cluster and not p.behind and (
         pg_visible_in_snapshot(e.transaction_id, p.sealed_through)
         or e.transaction_id >= pg_snapshot_xmax(pg_current_snapshot())) as due
       from bulkhead.audit_entry e cross join bulkhead.audit_progress('${chain}') p
       where ${unlinked}
     ) s order by s.due desc, s.id limit 10000`,
  );
  const moved = verifier.lost.map(({ claims }) => claims?.id).filter((id) => id !== undefined);
  if (moved.length > 0) {
    const elsewhere = await client.query(
      `select ${bytes} as bytes from bulkhead.audit_entry e where e.id = any ($1) and not (${tenant})`,
      [moved],
    );
    for (const { bytes: entry } of elsewhere.rows) verifier.stray(entry as Buffer, { elsewhere: true });
  }
  const due = rows.filter((row) => row['due'] === true);
  for (const { bytes: entry } of due) verifier.stray(entry as Buffer);
  return rows.length - due.length;
}
