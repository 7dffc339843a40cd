import { arrange, letterOf, markOf, marks, type Mark } from './grid.ts';
import { plain, plainLine, plural } from './plain.ts';
import { severities, type Report } from './report.ts';
import { verdictLine } from './verdict.ts';

/** The report for a terminal or a log: plain characters, no colour, at most as wide as the tables' names ask for. */
export function textReport(report: Report): string {
  const parts = [
    heading(report),
    model(report),
    grid(report),
    leaks(report),
    findings(report),
    inconclusive(report),
    unseen(report),
    stale(report),
    conclusion(report),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function heading({ command, database, attack, startedAt, seconds, tool }: Report): string {
  const what = command === 'scan' ? 'Scan' : 'Attack';
  const as = attack === null ? `read as ${database.reader}` : `as the role ${attack.role}`;
  return plainLine(
    `${what} of ${database.name} on Postgres ${database.serverVersion}, ${as}; ${startedAt}, ${seconds} s, Bulkhead ${tool.version}`,
  );
}

function model({ model: { preset, carriers, tables, shared, notes }, attack }: Report): string {
  const carried = carriers.length === 0 ? 'by nothing that was recognised' : `by ${carriers.join(' and ')}`;
  const lines = [
    `Tenants are told apart ${carried}${preset === null ? '' : ` (preset ${preset})`}.`,
    `${plural(tables.length, 'table')} of tenants${shared.length === 0 ? '' : `, ${shared.length} shared by all`}.`,
    ...(attack?.tenants ? [`Tenant ${attack.tenants.ours} attacks tenant ${attack.tenants.theirs}.`] : []),
    ...notes.map(({ text, origin }) => `${text} (${origin})`),
    ...(attack?.notes ?? []),
  ];
  return lines.map(plainLine).join('\n');
}

function grid({ attack }: Report): string {
  if (attack === null || attack.cells.length === 0) return '';
  const { attacks, rows } = arrange(attack.attacks, attack.cells);
  const names = rows.map(({ table }) => plainLine(table));
  const width = Math.max(5, ...names.map((name) => [...name].length));
  const letters = attacks.map((_, index) => letterOf(index));
  const line = (name: string, signs: readonly string[]): string =>
    `${name}${' '.repeat(width - [...name].length)}  ${signs
      .map((sign, index) => sign.padEnd(letters[index]?.length ?? 1))
      .join(' ')}`.trimEnd();
  const used = new Set<Mark>(rows.flatMap(({ cells }) => cells.map(markOf)));
  const legend = (Object.keys(marks) as Mark[])
    .filter((mark) => used.has(mark))
    .map((mark) => `${marks[mark].sign} ${marks[mark].meaning}`);
  return [
    line('', letters),
    ...rows.map(({ cells }, index) =>
      line(
        names[index] ?? '',
        cells.map((cell) => marks[markOf(cell)].sign),
      ),
    ),
    '',
    legend.join('   '),
    ...attacks.map(({ id, title }, index) => `${letters[index] ?? ''}  ${id}: ${title}`),
  ].join('\n');
}

const indented = (text: string, by: number): string =>
  plain(text).trimEnd().replaceAll(/^/gm, ' '.repeat(by));

function leaks({ attack }: Report): string {
  const leaked = (attack?.cells ?? []).filter(({ verdict }) => verdict === 'leaked');
  if (attack === null || leaked.length === 0) return '';
  const known = new Map(attack.attacks.map((each) => [each.id, each]));
  const blocks = leaked.map(({ table, attack: id, evidence, reason, reproduction, accepted }) =>
    [
      plainLine(`${known.get(id)?.severity ?? 'critical'}: ${table} ${id}: ${known.get(id)?.title ?? ''}`),
      ...[evidence, reason].filter((text) => text !== null).map((text) => indented(text, 2)),
      ...(accepted === null ? [] : [`  accepted: ${plainLine(accepted)}`]),
      ...(reproduction === null ? [] : ['  paste into psql:', indented(reproduction, 4)]),
    ].join('\n'),
  );
  return [`LEAKED (${leaked.length})`, ...blocks].join('\n\n');
}

function findings({ scan }: Report): string {
  if (scan === null) return '';
  if (scan.findings.length === 0) return `No finding by ${plural(scan.rules.length, 'rule')}.`;
  const titles = new Map(scan.rules.map(({ id, title }) => [id, title]));
  const ordered = severities.flatMap((severity) =>
    scan.findings.filter((each) => each.severity === severity),
  );
  const blocks = ordered.map(({ severity, rule, object, message, fix, accepted }) =>
    [
      plainLine(`${severity}: ${rule} ${object.kind} ${object.name}: ${titles.get(rule) ?? ''}`),
      indented(message, 2),
      ...(accepted === null ? [] : [`  accepted: ${plainLine(accepted)}`]),
      ...(fix === null ? [] : ['  fix:', indented(fix, 4)]),
    ].join('\n'),
  );
  return [`FINDINGS (${ordered.length})`, ...blocks].join('\n\n');
}

function inconclusive({ attack }: Report): string {
  const open = (attack?.cells ?? []).filter(({ verdict }) => verdict === 'inconclusive');
  if (open.length === 0) return '';
  return [
    `INCONCLUSIVE (${open.length})`,
    ...open.map(({ table, attack: id, reason, evidence, accepted }) =>
      plainLine(
        `${table} ${id}: ${reason ?? evidence ?? ''}${accepted === null ? '' : ` (accepted: ${accepted})`}`,
      ),
    ),
  ].join('\n');
}

function unseen(report: Report): string {
  if (report.unseen.length === 0) return '';
  return [
    `NOT SEEN (${report.unseen.length})`,
    ...report.unseen.map(({ what, why, accepted }) =>
      plainLine(`${what}: ${why}${accepted === null ? '' : ` (accepted: ${accepted})`}`),
    ),
  ].join('\n');
}

function stale({ baseline }: Report): string {
  if (baseline === null || baseline.stale.length === 0) return '';
  return ['No longer met, so that the baseline can drop it:', ...baseline.stale.map(plainLine)].join('\n');
}

function conclusion({ summary, scan, attack, exitCode, ...rest }: Report): string {
  const told = severities
    .filter((severity) => summary.findings[severity] > 0)
    .map((severity) => `${summary.findings[severity]} ${severity}`);
  const { cells } = summary;
  return [
    ...(scan === null ? [] : [`Findings: ${told.length === 0 ? 'none' : told.join(', ')}.`]),
    ...(attack === null
      ? []
      : [
          `Attacks on ${plural(summary.tables, 'table')}: ${cells.refused} refused, ${cells.leaked} leaked, ${cells.inconclusive} inconclusive, ${cells['not applicable']} not applicable.`,
        ]),
    `Not seen: ${summary.unseen}.${summary.accepted === 0 ? '' : ` Accepted by the baseline: ${summary.accepted}.`}`,
    verdictLine({ summary, scan, attack, exitCode, ...rest }),
  ].join('\n');
}
