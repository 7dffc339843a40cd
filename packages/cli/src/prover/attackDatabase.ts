import { ContextSealer } from '@bulkhead/kernel';
import { attack, AttackError, attacks, buildReport, type AttackResult, type Scan } from '@bulkhead/prover';
import type { ExitCode, Values } from '../command-line/command.ts';
import { CommandFailure, usageFailure } from '../command-line/failure.ts';
import type { Terminal } from '../command-line/terminal.ts';
import { readNamedKey } from '../context/namedKey.ts';
import type { attackOptions } from './options.ts';
import { deliver } from './output.ts';
import { prepare, requestParts, scanParts, scanWithProgress, type Prepared } from './prepare.ts';
import { withTarget, type Target } from './withTarget.ts';

export type AttackValues = Values<typeof attackOptions>;

/** Attacks the named database and reports. @throws CommandFailure when the command line or the database is not as it must be */
export async function attackDatabase(values: AttackValues, terminal: Terminal): Promise<ExitCode> {
  const prepared = await prepare(values, terminal.folder);
  const tenants = pair(values.tenant.length > 0 ? values.tenant : prepared.tenants);
  const startedAt = new Date();
  const begin = performance.now();
  const { found, result } = await withTarget(values, terminal, async (target) => {
    const scanned = await scanWithProgress(target.client, prepared.model, terminal);
    return {
      found: scanned,
      result: await attackAs({ values, prepared, scanned, target, tenants }, terminal),
    };
  });
  const { scan, ...parts } = scanParts(found);
  const report = buildReport({
    command: 'attack',
    startedAt,
    seconds: (performance.now() - begin) / 1000,
    ...parts,
    scan: values.findings ? scan : null,
    attack: { result, attacks },
    unseen: found.unseen,
    ...requestParts(prepared),
  });
  return deliver(report, { files: prepared.files, baseline: values['write-baseline'] }, terminal);
}

type Pair = { ours: string; theirs: string } | undefined;
type Attempt = { values: AttackValues; prepared: Prepared; scanned: Scan; target: Target; tenants: Pair };

async function attackAs(
  { values, prepared, scanned, target, tenants }: Attempt,
  terminal: Terminal,
): Promise<AttackResult> {
  const { catalog, model } = scanned;
  const seal = model.carriers.some(({ kind }) => kind === 'sealed')
    ? await sealWith(values, terminal)
    : undefined;
  try {
    return await attack({
      client: target.client,
      connect: target.another,
      model,
      catalog,
      role: prepared.model.roles?.[0],
      tenants,
      seal,
      allowExempt: values['allow-exempt'],
      statementTimeout: values.timeout,
      progress: everyTenth(terminal.progress),
    });
  } catch (error) {
    if (!(error instanceof AttackError)) throw error;
    throw new CommandFailure(error.code, `${error.message}.`, {
      hint: 'See: bulkhead attack --help',
      cause: error,
    });
  }
}

function pair(tenants: readonly string[]): Pair {
  const [ours, theirs] = tenants;
  if (ours === undefined) return undefined;
  if (theirs === undefined || tenants.length > 2 || ours === theirs)
    throw usageFailure('Two different tenants are needed: --tenant OURS --tenant THEIRS, or neither.');
  return { ours, theirs };
}

/** Contexts of both tenants, which no one but a holder of the key can make; each one's account has the tenant's id. */
async function sealWith(values: AttackValues, terminal: Terminal): Promise<(tenant: string) => string> {
  const key = await readNamedKey(values, terminal);
  const sealer = new ContextSealer({ key, lifetimeSeconds: 900 });
  return (tenant) => sealer.seal({ tenant, actor: { kind: 'account', id: tenant } });
}

/** A line for each tenth of the tables. */
function everyTenth(progress: Terminal['progress']): (done: number, total: number, name: string) => void {
  let said = -1;
  return (done, total, name) => {
    const tenth = Math.floor((done * 10) / total);
    if (tenth === said) return;
    said = tenth;
    progress(`Attacking ${name} (${done + 1} of ${total}) …`);
  };
}
