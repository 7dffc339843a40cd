import type { Severity } from '../findings.ts';
import { plainLine } from './plain.ts';
import type { Report, ReportedCell, ReportedFinding } from './report.ts';

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The report as SARIF 2.1.0 (OASIS, errata 01): rules and attacks are rules, findings and leaks are results. */
export function sarifReport(report: Report): object {
  const rules = [...scanRules(report), ...attackRules(report)];
  const indexes = new Map(rules.map(({ id }, index) => [id, index]));
  const results = [...findingResults(report), ...leakResults(report)].map((result) => ({
    ...result,
    ruleIndex: indexes.get(result.ruleId) ?? -1,
  }));
  return {
    version: '2.1.0',
    $schema: schema,
    runs: [
      {
        tool: {
          driver: { name: 'Bulkhead', semanticVersion: report.tool.version, rules },
        },
        automationDetails: { id: `bulkhead-${report.command}/` },
        invocations: [invocation(report)],
        columnKind: 'utf16CodeUnits',
        results,
        properties: { database: report.database, model: report.model, summary: report.summary },
      },
    ],
  };
}

type SarifRule = { id: string } & Record<string, unknown>;

const level = (severity: Severity): 'error' | 'warning' | 'note' =>
  severity === 'critical' || severity === 'high' ? 'error' : severity === 'medium' ? 'warning' : 'note';

// GitHub sorts security alerts by this number: over 9 critical, over 7 high, over 4 medium.
const scores: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.5',
  info: '0.5',
};

const properties = (severity: Severity): object => ({
  'security-severity': scores[severity],
  tags: ['security', 'multi-tenancy'],
});

function scanRules({ scan }: Report): SarifRule[] {
  return (scan?.rules ?? []).map(({ id, title, severity }) => ({
    id,
    shortDescription: { text: title },
    defaultConfiguration: { level: level(severity) },
    properties: properties(severity),
  }));
}

function attackRules({ attack }: Report): SarifRule[] {
  return (attack?.attacks ?? []).map(({ id, title, severity, threat }) => ({
    id: `attack/${id}`,
    shortDescription: { text: title },
    defaultConfiguration: { level: level(severity) },
    properties: { ...properties(severity), threat },
  }));
}

type SarifResult = { ruleId: string } & Record<string, unknown>;

function findingResults({ scan }: Report): SarifResult[] {
  return (scan?.findings ?? []).map((finding) => ({
    ruleId: finding.rule,
    level: level(finding.severity),
    message: { text: `${finding.object.kind} ${finding.object.name}: ${finding.message}` },
    locations: [location(finding.object.kind, finding.object.name)],
    ...identification(finding),
    ...(finding.fix === null ? {} : { properties: { fix: finding.fix } }),
  }));
}

function leakResults({ attack }: Report): SarifResult[] {
  const known = new Map(attack?.attacks.map((each) => [each.id, each]));
  return (attack?.cells ?? [])
    .filter(({ verdict }) => verdict === 'leaked')
    .map((cell) => ({
      ruleId: `attack/${cell.attack}`,
      level: level(known.get(cell.attack)?.severity ?? 'critical'),
      message: {
        text: [`${cell.table}: ${known.get(cell.attack)?.title ?? cell.attack}`, cell.evidence, cell.reason]
          .filter((part) => part !== null)
          .join('. '),
      },
      locations: [location('table', cell.table)],
      ...identification(cell),
      ...(cell.reproduction === null ? {} : { properties: { reproduction: cell.reproduction } }),
    }));
}

function identification({ fingerprint, accepted }: ReportedFinding | ReportedCell): object {
  return {
    partialFingerprints: { 'bulkhead/v1': fingerprint },
    ...(accepted === null
      ? {}
      : { suppressions: [{ kind: 'external', status: 'accepted', justification: accepted }] }),
  };
}

/**
 * Where in the database. Code hosts want a file too, so the object's name stands for one below `database/`; it need not
 * exist.
 */
function location(kind: string, name: string): object {
  const path = `database/${kind}/${name}`;
  return {
    physicalLocation: {
      artifactLocation: { uri: path.split('/').map(encodeURIComponent).join('/') },
      region: { startLine: 1 },
    },
    logicalLocations: [{ fullyQualifiedName: name, kind }],
  };
}

/** What was not seen and what came to no conclusion are notifications: neither result nor silence. */
function invocation({ unseen, attack, startedAt, seconds, exitCode }: Report): object {
  const open = (attack?.cells ?? []).filter(({ verdict }) => verdict === 'inconclusive');
  const notes = [
    ...unseen.map(({ what, why }) => `not seen: ${what}: ${why}`),
    ...open.map(
      (cell) => `inconclusive: ${cell.table} ${cell.attack}: ${cell.reason ?? cell.evidence ?? ''}`,
    ),
  ];
  return {
    executionSuccessful: true,
    exitCode,
    startTimeUtc: startedAt,
    endTimeUtc: new Date(Date.parse(startedAt) + seconds * 1000).toISOString(),
    toolExecutionNotifications: notes.map((note) => ({
      level: 'warning',
      message: { text: plainLine(note) },
    })),
  };
}
