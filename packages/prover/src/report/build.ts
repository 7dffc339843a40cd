import type { Baseline } from '../baseline.ts';
import type { Catalog } from '../catalog/types.ts';
import type { AttackResult, Finding, Severity, Verdict } from '../findings.ts';
import type { IdentityCarrier, TenantModel } from '../model/types.ts';
import {
  failsOn,
  schemaVersion,
  severities,
  verdicts,
  type FailOn,
  type Report,
  type ReportedAttack,
  type ReportedCell,
  type ReportedFinding,
  type ReportedModel,
  type ReportedUnseen,
  type Summary,
} from './report.ts';

export type AttackInfo = Omit<ReportedAttack, 'severity'>;

export type ReportParts = {
  command: Report['command'];
  version: string;
  startedAt: Date;
  seconds: number;
  /** of the scan that came first: what it saw of the database and how it understood it */
  catalog: Catalog;
  model: TenantModel;
  scan: {
    rules: readonly { id: string; title: string; severity: Severity }[];
    findings: readonly Finding[];
  } | null;
  attack: { result: AttackResult; attacks: readonly AttackInfo[] } | null;
  unseen: readonly { what: string; why: string }[];
  baseline: Baseline | null;
  /** default: `medium` for a scan, `critical` for an attack: what any tenant can do */
  failOn?: FailOn;
};

/** What a leak weighs: any client can use the first, one who injects SQL the second, and the third tells numbers only. */
const weights: Readonly<Record<ReportedAttack['threat'], Severity>> = {
  tenant: 'critical',
  injection: 'high',
  'side channel': 'low',
};

/** Composes the report of a scan, an attack, or both. */
export function buildReport(parts: ReportParts): Report {
  const { command, catalog, baseline } = parts;
  const met = new Set<string>();
  const accept = (fingerprint: string): string | null => {
    met.add(fingerprint);
    return baseline?.accepted.get(fingerprint) ?? null;
  };
  const scan = parts.scan && {
    rules: parts.scan.rules.map(({ id, title, severity }) => ({ id, title, severity })),
    findings: parts.scan.findings.map((finding): ReportedFinding => ({
      ...finding,
      accepted: accept(finding.fingerprint),
    })),
  };
  const attack = parts.attack && reportAttack(parts.attack, { accept, preset: parts.model.preset });
  const unseen = unseenOf(parts).map(({ what, why }): ReportedUnseen => {
    const fingerprint = `unseen:${what}`;
    return { what, why, fingerprint, accepted: accept(fingerprint) };
  });
  const body = { model: reportModel(parts.model, catalog), scan, attack, unseen };
  const failOn = parts.failOn ?? (command === 'scan' ? 'medium' : 'critical');
  const summary = summarise(body);
  return {
    schemaVersion,
    tool: { name: 'bulkhead', version: parts.version },
    command,
    startedAt: parts.startedAt.toISOString(),
    seconds: Math.round(parts.seconds * 1000) / 1000,
    database: {
      name: catalog.server.database,
      serverVersion: catalog.server.version,
      reader: catalog.reader,
    },
    ...body,
    summary,
    baseline: baseline && {
      stale: [...baseline.accepted.keys()].filter((fingerprint) => !met.has(fingerprint)),
    },
    failOn,
    exitCode: exitCode({ ...body, summary }, failOn),
  };
}

/**
 * Leaks weigh more than what was not seen; without either, all that was tried was refused. An inconclusive cell counts
 * where a leak would have counted.
 */
function exitCode({ summary, attack }: Pick<Report, 'summary' | 'attack'>, failOn: FailOn): 0 | 1 | 2 {
  const { findings, leaks, unseen } = summary;
  const failing = severities.filter((severity) => failsOn(severity, failOn));
  if (failing.some((severity) => findings[severity] + leaks[severity] > 0)) return 1;
  const weight = weightsOf(attack);
  const open = attack?.cells.some(
    (cell) =>
      cell.verdict === 'inconclusive' && cell.accepted === null && failsOn(weight(cell.attack), failOn),
  );
  return unseen > 0 || open === true ? 2 : 0;
}

/** What an attack weighs; one that the list does not know, as much as the worst. */
function weightsOf(attack: Report['attack']): (id: string) => Severity {
  const known = new Map(attack?.attacks.map(({ id, severity }) => [id, severity]));
  return (id) => known.get(id) ?? 'critical';
}

/** An attack that concluded nothing proves nothing. */
function unseenOf({ unseen, attack }: ReportParts): { what: string; why: string }[] {
  const all = [...unseen, ...(attack?.result.unseen ?? [])];
  const concluded = attack?.result.cells.some(({ verdict }) => verdict === 'refused' || verdict === 'leaked');
  if (concluded === false)
    all.push({ what: 'every table', why: 'no attack came to a conclusion, so nothing is proven' });
  return [...new Map(all.map((each) => [`${each.what}\0${each.why}`, each])).values()];
}

/** A client of PostgREST cannot truncate: there it takes SQL of one's own. */
const threatOf = ({ id, threat }: AttackInfo, preset: TenantModel['preset']): AttackInfo['threat'] =>
  id === 'truncate' && (preset === 'supabase' || preset === 'postgrest') ? 'injection' : threat;

function reportAttack(
  { result, attacks }: NonNullable<ReportParts['attack']>,
  { accept, preset }: { accept: (fingerprint: string) => string | null; preset: TenantModel['preset'] },
): NonNullable<Report['attack']> {
  const tried = new Set(result.cells.map(({ attack }) => attack));
  return {
    role: result.role,
    tenants: result.tenants,
    notes: result.notes ?? [],
    attacks: attacks
      .filter(({ id }) => tried.has(id))
      .map((each) => {
        const threat = threatOf(each, preset);
        return { id: each.id, title: each.title, threat, severity: weights[threat] };
      }),
    cells: result.cells.map((cell): ReportedCell => {
      const fingerprint = `attack:${cell.attack}:${cell.table}`;
      const settled = cell.verdict === 'refused' || cell.verdict === 'not applicable';
      return {
        table: cell.table,
        attack: cell.attack,
        verdict: cell.verdict,
        evidence: cell.evidence,
        reason: cell.reason,
        reproduction: cell.reproduction,
        fingerprint,
        accepted: settled ? null : accept(fingerprint),
      };
    }),
  };
}

export function describeCarrier(carrier: IdentityCarrier): string {
  if (carrier.kind === 'role') return 'the database role itself, one for each tenant';
  if (carrier.kind === 'sealed') return `sealed context in ${carrier.setting}`;
  if (carrier.kind === 'setting') return `setting ${carrier.name} as ${carrier.cast}`;
  return `claim ${carrier.path.join('.')} of ${carrier.setting} as ${carrier.cast}`;
}

function reportModel(model: TenantModel, catalog: Catalog): ReportedModel {
  const names = new Map(catalog.relations.map(({ id, schema, name }) => [id, `${schema}.${name}`]));
  const nameOf = (id: string): string => names.get(id) ?? `relation ${id}`;
  return {
    preset: model.preset,
    carriers: model.carriers.map(describeCarrier),
    applicationRoles: model.applicationRoles,
    exposedSchemas: model.exposedSchemas,
    tables: model.tables.map(({ relationId, column, via, origin }) => ({
      table: nameOf(relationId),
      column,
      via: via.kind === 'direct' ? null : nameOf(via.relationId),
      origin,
    })),
    unresolved: model.unresolved.map(({ relationId, why }) => ({ table: nameOf(relationId), why })),
    shared: model.shared.map(({ relationId, why }) => ({ table: nameOf(relationId), why })),
    notes: model.notes,
  };
}

const zero = <Key extends string>(keys: readonly Key[]): Record<Key, number> =>
  Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;

function summarise({
  model,
  scan,
  attack,
  unseen,
}: Pick<Report, 'model' | 'scan' | 'attack' | 'unseen'>): Summary {
  const weight = weightsOf(attack);
  const findings = zero(severities);
  const leaks = zero(severities);
  const cells = zero<Verdict>(verdicts);
  for (const { severity, accepted } of scan?.findings ?? []) if (accepted === null) findings[severity] += 1;
  for (const { attack: id, verdict, accepted } of attack?.cells ?? []) {
    cells[verdict] += 1;
    if (verdict === 'leaked' && accepted === null) leaks[weight(id)] += 1;
  }
  const all = [...(scan?.findings ?? []), ...(attack?.cells ?? []), ...unseen];
  return {
    findings,
    leaks,
    cells,
    unseen: unseen.filter(({ accepted }) => accepted === null).length,
    inconclusive: (attack?.cells ?? []).filter(
      ({ verdict, accepted }) => verdict === 'inconclusive' && accepted === null,
    ).length,
    accepted: all.filter(({ accepted }) => accepted !== null).length,
    tables: attack === null ? model.tables.length : new Set(attack.cells.map(({ table }) => table)).size,
  };
}
