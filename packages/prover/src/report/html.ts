import { createHash } from 'node:crypto';
import { htmlFindings, htmlLeaks, htmlOpen } from './htmlDetails.ts';
import { arrange, markOf, marks, type Mark } from './grid.ts';
import { escapeHtml, plural } from './plain.ts';
import type { Report, ReportedCell } from './report.ts';
import { style } from './style.ts';
import { verdictLine } from './verdict.ts';

/**
 * The report as one HTML file without script that loads nothing. Its policy forbids everything but its own style, so
 * that a name in the database which slipped through the escaping could do nothing either.
 */
export function htmlReport(report: Report): string {
  const title = `${report.command === 'scan' ? 'Scan' : 'Attack'} of ${report.database.name}`;
  const hash = createHash('sha256').update(style).digest('base64');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${[heading(report), model(report), grid(report), htmlLeaks(report), htmlFindings(report), htmlOpen(report)].filter((part) => part !== '').join('\n')}
</main>
</body>
</html>
`;
}

function heading(report: Report): string {
  const { database, attack, startedAt, seconds, tool, exitCode, summary } = report;
  const as = attack === null ? `read as ${database.reader}` : `attacked as the role ${attack.role}`;
  const counts = [
    ...(attack === null
      ? []
      : [
          `${summary.cells.refused} refused`,
          `${summary.cells.leaked} leaked`,
          `${summary.cells.inconclusive} inconclusive`,
        ]),
    ...(report.scan === null ? [] : [plural(report.scan.findings.length, 'finding')]),
    `${summary.unseen} not seen`,
    ...(summary.accepted === 0 ? [] : [`${summary.accepted} accepted by the baseline`]),
  ];
  return `<p class="faint">${escapeHtml(`Postgres ${database.serverVersion}, ${as}; ${startedAt}, ${seconds} s; Bulkhead ${tool.version}`)}</p>
<p class="verdict exit${exitCode}">${escapeHtml(verdictLine(report))}</p>
<p>${escapeHtml(counts.join(', '))}</p>`;
}

function model({ model: { preset, carriers, tables, shared, notes }, attack }: Report): string {
  const items = [
    `Tenants are told apart by ${carriers.length === 0 ? 'nothing that was recognised' : carriers.join(' and ')}${preset === null ? '' : ` (preset ${preset})`}.`,
    `${plural(tables.length, 'table')} of tenants${shared.length === 0 ? '' : `, ${shared.length} shared by all`}.`,
    ...(attack?.tenants ? [`Tenant ${attack.tenants.ours} attacks tenant ${attack.tenants.theirs}.`] : []),
    ...notes.map(({ text, origin }) => `${text} (${origin})`),
    ...(attack?.notes ?? []),
  ];
  return `<h2>What was understood</h2>\n<ul>${items.map((item) => `<li>${escapeHtml(item)}</li>`).join('')}</ul>`;
}

function grid({ attack }: Report): string {
  if (attack === null || attack.cells.length === 0) return '';
  const { attacks, rows } = arrange(attack.attacks, attack.cells);
  const leaks = attack.cells.filter(({ verdict }) => verdict === 'leaked');
  const numbers = new Map(leaks.map((cell, index) => [cell, index + 1]));
  const head = attacks
    .map(
      ({ id, title }) => `<th scope="col" title="${escapeHtml(title)}"><span>${escapeHtml(id)}</span></th>`,
    )
    .join('');
  const body = rows
    .map(
      ({ table, cells }) =>
        `<tr><th scope="row">${escapeHtml(table)}</th>${cells.map((cell) => htmlCell(cell, numbers)).join('')}</tr>`,
    )
    .join('\n');
  const legend = (Object.keys(marks) as Mark[]).map(
    (mark) => `<span class="${mark}">${marks[mark].sign}</span>${marks[mark].meaning}`,
  );
  return `<h2>Tables and attacks</h2>
<p class="legend">${legend.join('')}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Tables and attacks"><table id="grid"><caption>${plural(rows.length, 'table')}, ${plural(attacks.length, 'attack')}</caption>
<thead><tr><th scope="col">table</th>${head}</tr></thead>
<tbody>
${body}
</tbody></table></div>`;
}

function htmlCell(cell: ReportedCell | null, numbers: ReadonlyMap<ReportedCell, number>): string {
  const mark = markOf(cell);
  const { sign, meaning } = marks[mark];
  const why = cell === null ? 'not tried' : (cell.reason ?? cell.evidence ?? '');
  const title = `${meaning}${why === '' ? '' : `: ${why}`}`;
  const number = cell === null ? undefined : numbers.get(cell);
  const shown = number === undefined ? sign : `<a href="#leak-${number}">${sign}</a>`;
  return `<td class="${mark}" title="${escapeHtml(title)}">${shown}</td>`;
}
