import type { Rule } from './rule.ts';

/** SQL that breaks a rule and SQL that does not, as the rule's test runs them. */
export type Examples = { bad: string; good: string } | null;

/** A rule's page in Markdown, made of the rule itself and its fixtures. */
export function rulePage(rule: Rule, examples: Examples): string {
  const traps = rule.cites.filter((cite) => /^T-\d+$/.test(cite));
  const sources = rule.cites.filter((cite) => !traps.includes(cite));
  const sections = [
    `# ${rule.id}: ${rule.title}`,
    `Severity: ${rule.severity}`,
    rule.explanation,
    `## What to do\n\n${rule.remedy}`,
    ...(examples === null
      ? []
      : [`## Found\n\n${fenced(examples.bad)}`, `## Not found\n\n${fenced(examples.good)}`]),
    ...(sources.length === 0
      ? []
      : [`## Rests on\n\n${sources.map((cite) => `- ${link(cite)}`).join('\n')}`]),
    ...(traps.length === 0 ? [] : [`Traps that it finds: ${traps.join(', ')} of [the list](../traps.md).`]),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** The table of all rules in Markdown. */
export function rulesPage(rules: readonly Rule[]): string {
  const rows = rules.map(({ id, severity, title }) => `| [${id}](${id}.md) | ${severity} | ${title} |`);
  return `# Rules of the scan

\`bulkhead scan\` runs these. Each page says what the rule finds and why, what to do, and shows SQL that it finds and SQL
that it does not; a test runs both on a real Postgres. The severity is the usual one: a finding’s may differ, and says why.

| rule | severity | finds |
|---|---|---|
${rows.join('\n')}
`;
}

/** The examples' first lines are for the test that runs them. */
function fenced(sql: string): string {
  const body = sql
    .split('\n')
    .filter((line) => !/^-- (base|expect): /.test(line))
    .join('\n')
    .trim();
  return `\`\`\`sql\n${body}\n\`\`\``;
}

function link(cite: string): string {
  if (/^CVE-\d+-\d+$/.test(cite)) return `[${cite}](https://www.cve.org/CVERecord?id=${cite})`;
  return cite.startsWith('https://') ? `<${cite}>` : cite;
}
