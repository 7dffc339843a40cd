import type pg from 'pg';
import { readCatalog } from './catalog/read.ts';
import type { Catalog, Unseen } from './catalog/types.ts';
import type { Finding, ScanResult } from './findings.ts';
import { inferModel } from './model/infer.ts';
import type { ModelSettings } from './model/settings.ts';
import type { TenantModel } from './model/types.ts';
import { readFacts, type Facts } from './parse/facts.ts';
import { createParser } from './parse/parser.ts';
import { rules as allRules } from './rules/index.ts';
import { findingOf, type Rule, type Subject } from './rules/rule.ts';
import { unseenBy } from './rules/unseen.ts';

export type ScanOptions = {
  /** connected, outside any transaction, as any role that may read the catalogs */
  client: pg.ClientBase;
  /** what the user says of the database; the rest is inferred */
  settings?: ModelSettings;
  /** default: all */
  rules?: readonly Rule[];
  /** called as a stage begins, for a progress line */
  onStage?: (stage: 'catalog' | 'parse' | 'model' | 'rules') => void;
};

export type Scan = ScanResult & { catalog: Catalog; model: TenantModel; facts: Facts };

const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;

/**
 * Scans a database without changing it: reads the catalog, parses policies, views and functions, infers how tenants are
 * told apart, and runs the rules. What could not be seen is in `unseen`; no absence of findings speaks for it.
 *
 * @throws Error of `pg` when the connection fails
 */
export async function scan({ client, settings = {}, rules = allRules, onStage }: ScanOptions): Promise<Scan> {
  onStage?.('catalog');
  const catalog = await readCatalog(client);
  onStage?.('parse');
  const facts = readFacts(catalog, await createParser());
  onStage?.('model');
  const { access, ...model } = inferModel(catalog, facts, settings);
  onStage?.('rules');
  const tenantTables = new Map(model.tables.map((table) => [table.relationId, table]));
  const subject: Subject = { catalog, facts, access, model, tenantTables };
  const findings = rules.flatMap((rule) =>
    rule.check(subject).map((violation) => findingOf(rule, violation)),
  );
  return {
    findings: findings.toSorted(bySeverity),
    rulesRun: rules.map(({ id }) => id),
    unseen: [...catalog.unseen, ...facts.unseen, ...unseenBy(subject)] satisfies Unseen[],
    catalog,
    model,
    facts,
  };
}

function bySeverity(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    a.rule.localeCompare(b.rule) ||
    a.object.name.localeCompare(b.object.name)
  );
}
