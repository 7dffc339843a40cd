import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../harness/index.ts';
import { unregisteredTables } from './catalog.ts';
import { generateSchema } from './generatedSchema.ts';
import { mismatches, runMatrix, setStage, type Stage } from './matrix.ts';

const tableCount = 200;

describe('ISO-1 ISO-3 ISO-8 ISO-11 the isolation matrix on a generated schema of 200 tables', () => {
  let database: TestDatabase;
  let stage: Stage;

  before(async () => {
    database = await createTestDatabase();
    const owner = new pg.Client(database.connections.owner);
    await owner.connect();
    console.time('ddl');
    for (const statement of generateSchema({ tables: tableCount, seed: 20261 })) await owner.query(statement);
    await owner.end();
    console.timeEnd('ddl');
    console.time('stage');
    stage = await setStage(database, {});
    console.timeEnd('stage');
  });
  after(() => database.drop());

  test('nothing is unprotected', async () => {
    const owner = new pg.Client(database.connections.superuser);
    await owner.connect();
    const { rows } = await owner.query('select * from bulkhead.unprotected_tables()');
    const unregistered = await unregisteredTables(owner);
    await owner.end();
    assert.deepEqual(rows, []);
    assert.deepEqual(unregistered, []);
    assert.equal(stage.tables.length, tableCount);
  });

  test('every cell comes out as it must', async () => {
    console.time('matrix');
    const cells = await runMatrix(stage);
    console.timeEnd('matrix');
    console.log(cells.length);
    const wrong = mismatches(cells);
    assert.deepEqual(wrong.slice(0, 40), [], `${wrong.length} of ${cells.length}`);
  });
});
