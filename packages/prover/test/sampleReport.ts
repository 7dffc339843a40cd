import { readBaseline, type Baseline } from '../src/baseline.ts';
import type { Catalog, Relation } from '../src/catalog/types.ts';
import type { Cell, Finding } from '../src/findings.ts';
import { buildReport, type ReportParts } from '../src/report/build.ts';
import type { Report } from '../src/report/report.ts';

const relation = (id: string, name: string): Relation =>
  ({ id, schema: 'public', name }) satisfies Partial<Relation> as Relation;

const catalog = {
  server: { version: '18.1', versionNumber: 180001, database: 'shop', encoding: 'UTF8', settings: [] },
  reader: 'postgres',
  roles: [],
  schemas: [],
  relations: [relation('1', 'invoice'), relation('2', 'member'), relation('3', 'currency')],
  routines: [],
  sequences: [],
  publications: [],
  defaultGrants: [],
  extensions: [],
  databaseGrants: [],
  largeObjects: 0,
  unseen: [],
} satisfies Catalog;

export const cell = (table: string, attack: string, more: Partial<Cell> = {}): Cell => ({
  table,
  attack,
  verdict: 'refused',
  evidence: '0 rows',
  reason: null,
  reproduction: null,
  ...more,
});

export const leak = (table: string, attack: string, reproduction = 'begin;\nselect 1;\nrollback;'): Cell =>
  cell(table, attack, { verdict: 'leaked', evidence: '1 row', reproduction });

export const finding = (more: Partial<Finding> = {}): Finding => ({
  rule: 'BH001',
  severity: 'high',
  object: { kind: 'table', name: 'public.invoice' },
  message: 'Row-level security is off.',
  fix: 'alter table public.invoice enable row level security;',
  fingerprint: 'BH001:table:public.invoice',
  ...more,
});

const attacks = [
  { id: 'read', title: 'reads rows of another tenant', threat: 'tenant' },
  { id: 'context', title: 'rewrites the context by injection', threat: 'injection' },
  { id: 'statistics', title: 'learns numbers from statistics', threat: 'side channel' },
] as const;

export type Sample = {
  cells?: Cell[];
  findings?: Finding[];
  unseen?: { what: string; why: string }[];
  accepted?: Record<string, string>;
} & Pick<ReportParts, 'failOn'>;

function baselineOf(accepted: Record<string, string>): Baseline {
  const entries = Object.entries(accepted).map(([fingerprint, reason]) => ({ fingerprint, reason }));
  return readBaseline(JSON.stringify({ schemaVersion: '1.0', accepted: entries }));
}

/** A report of an attack when `cells` are given, of a scan otherwise, or of both. */
export function sampleReport({ cells, findings, unseen = [], accepted, ...rest }: Sample): Report {
  return buildReport({
    command: cells === undefined ? 'scan' : 'attack',
    version: '0.1.0',
    startedAt: new Date('2026-11-20T12:00:00Z'),
    seconds: 1.25,
    catalog,
    model: {
      preset: 'setting',
      carriers: [{ kind: 'setting', name: 'app.tenant_id', cast: 'uuid' }],
      applicationRoles: ['app'],
      exposedSchemas: ['public'],
      tables: [{ relationId: '1', column: 'tenant_id', via: { kind: 'direct' }, origin: 'inferred' }],
      unresolved: [],
      shared: [{ relationId: '3', why: 'no column of a tenant' }],
      notes: [{ text: 'the setting was found in 1 policy', origin: 'inferred' }],
    },
    scan:
      findings === undefined
        ? null
        : { rules: [{ id: 'BH001', title: 'RLS is off', severity: 'high' }], findings },
    attack:
      cells === undefined
        ? null
        : { result: { role: 'app', tenants: { ours: 'a', theirs: 'b' }, cells, unseen: [] }, attacks },
    unseen,
    baseline: accepted === undefined ? null : baselineOf(accepted),
    ...rest,
  });
}
