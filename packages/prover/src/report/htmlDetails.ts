import { escapeHtml } from './plain.ts';
import { severities, type Report } from './report.ts';

const paragraph = (text: string | null): string => (text === null ? '' : `<p>${escapeHtml(text)}</p>`);
const statement = (label: string, sql: string | null): string =>
  sql === null ? '' : `<p class="faint">${label}</p>\n<pre><code>${escapeHtml(sql)}</code></pre>`;
const acceptance = (accepted: string | null): string =>
  accepted === null ? '' : `<p class="faint">accepted: ${escapeHtml(accepted)}</p>`;
const weight = (severity: string): string => `<span class="severity ${severity}">${severity}</span>`;

/** Every leak with the statements that show it, anchored for the grid's cells. */
export function htmlLeaks({ attack }: Report): string {
  const leaked = (attack?.cells ?? []).filter(({ verdict }) => verdict === 'leaked');
  if (attack === null || leaked.length === 0) return '';
  const known = new Map(attack.attacks.map((each) => [each.id, each]));
  const articles = leaked.map(
    ({ table, attack: id, evidence, reason, reproduction, accepted }, index) =>
      `<article id="leak-${index + 1}"><h3>${weight(known.get(id)?.severity ?? 'critical')} ${escapeHtml(`${table}: ${id}`)}</h3>
${paragraph(known.get(id)?.title ?? null)}${paragraph(evidence)}${paragraph(reason)}${acceptance(accepted)}${statement('Paste into psql:', reproduction)}</article>`,
  );
  return `<h2>Leaks</h2>\n${articles.join('\n')}`;
}

/** Findings, the gravest first. */
export function htmlFindings({ scan }: Report): string {
  if (scan === null) return '';
  const titles = new Map(scan.rules.map(({ id, title }) => [id, title]));
  const articles = severities
    .flatMap((severity) => scan.findings.filter((each) => each.severity === severity))
    .map(
      ({ severity, rule, object, message, fix, accepted }) =>
        `<article><h3>${weight(severity)} ${escapeHtml(`${rule} ${object.kind} ${object.name}`)}</h3>
${paragraph(titles.get(rule) ?? null)}${paragraph(message)}${acceptance(accepted)}${statement('Fix:', fix)}</article>`,
    );
  const none = `<p>None, by ${scan.rules.length} rules.</p>`;
  return `<h2>Findings</h2>\n${articles.length === 0 ? none : articles.join('\n')}`;
}

/** What is not proven: inconclusive cells, and what could not be seen. */
export function htmlOpen({ attack, unseen, baseline }: Report): string {
  const open = (attack?.cells ?? []).filter(({ verdict }) => verdict === 'inconclusive');
  const entry = (what: string, why: string, accepted: string | null): string =>
    `<dt>${escapeHtml(what)}</dt><dd>${escapeHtml(why)}${accepted === null ? '' : ` <span class="faint">(accepted: ${escapeHtml(accepted)})</span>`}</dd>`;
  const list = (title: string, entries: readonly string[]): string =>
    entries.length === 0 ? '' : `<h2>${title}</h2>\n<dl>${entries.join('\n')}</dl>`;
  return [
    list(
      'Inconclusive',
      open.map(({ table, attack: id, reason, evidence, accepted }) =>
        entry(`${table}: ${id}`, reason ?? evidence ?? '', accepted),
      ),
    ),
    list(
      'Not seen',
      unseen.map(({ what, why, accepted }) => entry(what, why, accepted)),
    ),
    list(
      'No longer met',
      (baseline?.stale ?? []).map((fingerprint) => entry(fingerprint, 'the baseline can drop it', null)),
    ),
  ].join('');
}
