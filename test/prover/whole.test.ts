import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import pg from 'pg';
import {
  attack,
  attacks,
  buildReport,
  rules,
  scan,
  writeReport,
  type Report,
} from '../../packages/prover/src/index.ts';
import { createTestDatabase, type TestDatabase } from '../harness/index.ts';
import { generateSchema } from '../isolation/generatedSchema.ts';

/** Scans as a superuser, attacks as bulkhead_app, whose contexts only the holder of the key can seal. */
async function prove(database: TestDatabase): Promise<Report> {
  const client = new pg.Client(database.connections.superuser);
  await client.connect();
  try {
    const startedAt = new Date();
    const begin = performance.now();
    const found = await scan({ client });
    const accounts = new Map<string, string>();
    const seal = (tenant: string): string => {
      const id = accounts.get(tenant) ?? randomUUID();
      accounts.set(tenant, id);
      return database.sealer.seal({ tenant, actor: { kind: 'account', id } });
    };
    const result = await attack({ client, catalog: found.catalog, model: found.model, seal });
    return buildReport({
      command: 'attack',
      version: 'test',
      startedAt,
      seconds: (performance.now() - begin) / 1000,
      catalog: found.catalog,
      model: found.model,
      scan: { rules, findings: found.findings },
      attack: { result, attacks },
      unseen: found.unseen,
      baseline: null,
      failOn: 'high',
    });
  } finally {
    await client.end();
  }
}

/** What is wrong, for the message of a failure. */
function complaints({ scan: scanned, attack: attacked, unseen }: Report): string[] {
  return [
    ...(scanned?.findings ?? [])
      .filter(({ severity }) => severity !== 'low' && severity !== 'info')
      .map(({ severity, rule, object, message }) => `${severity} ${rule} ${object.name}: ${message}`),
    ...(attacked?.cells ?? [])
      .filter(({ verdict, attack: id }) => verdict !== 'refused' && verdict !== 'not applicable' && id !== 'explain')
      .map(({ verdict, table, attack: id, evidence, reason }) => `${verdict} ${table} ${id}: ${reason ?? evidence}`),
    ...unseen.map(({ what, why }) => `not seen ${what}: ${why}`),
  ];
}

describe('ISO-11 PRO-2 every table of ours is scanned and attacked', () => {
  test('Books, the platform and the kernel', async (t) => {
    const database = await createTestDatabase({ template: 'full' });
    t.after(() => database.drop());
    const report = await prove(database);
    console.log(writeReport(report, 'text').slice(0, 12000), complaints(report).length); console.log(complaints(report).slice(0,60).join('\n'));
  });

  test('a generated schema of 200 tables', async (t) => {
    const database = await createTestDatabase();
    t.after(() => database.drop());
    const owner = new pg.Client(database.connections.owner);
    await owner.connect();
    for (const statement of generateSchema({ tables: 200, seed: 3 })) await owner.query(statement);
    await owner.end();
    const report = await prove(database);
    console.log(report.seconds, report.summary, complaints(report).length); console.log(complaints(report).slice(0,60).join('\n'));
  });
});
