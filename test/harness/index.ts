/**
 * Real Postgres databases for tests.
 *
 *   import { createTestDatabase } from '../../../test/harness/index.ts';
 *
 *   const database = await createTestDatabase();                    // kernel only; { template: 'full' } for platform and books
 *   const pool = new pg.Pool(database.connections.app);             // also owner, identity, worker, auditor, superuser
 *   const token = database.sealer.seal({ tenant, actor });          // its key is registered in the database
 *   await database.drop();                                          // end your pools first
 *
 * Call it in `before`, `drop` in `after`, and roll back per test where that is possible. The server is shared by every
 * test file of a run, and with it the roles: a test that makes or alters a role, restarts the server or needs durable settings
 * takes a server of its own with `startTestServer` and passes it as `server`.
 *
 * `npm test` starts the shared server; a file run alone (`node --test some.test.ts`) starts one for itself.
 * BULKHEAD_TEST_PG=15 runs on Debian's Postgres 15 instead of the embedded 18, BULKHEAD_TEST_LOG=1 prints its log.
 *
 * A test of a program that npm does not bring names it: `test('…', { skip: missing('pgbouncer') }, …)`.
 */
export { findComponent, missing, type Component } from './components.ts';
export {
  createTestDatabase,
  type Connection,
  type RoleName,
  type TemplateName,
  type TestDatabase,
} from './database.ts';
export { ownTestServer, startTestServer, type TestServer } from './server.ts';
