import { randomBytes } from 'node:crypto';
import { checkConfig } from '../../packages/server/src/config/load.ts';
import type { Config } from '../../packages/server/src/config/schema.ts';
import type { TestDatabase } from './database.ts';

/** Settings laid over a test's own, section by section; what is left out keeps its default. */
export type ConfigTree = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * A configuration for a server on a test's database: any free port, every role, fresh keys.
 *
 * @param tree sections as a configuration file has them, e.g. `{ http: { maxBatch: 5 } }`
 */
export function testConfig(database: TestDatabase, tree: ConfigTree = {}): Config {
  const { host, port } = database.connections.app;
  const strong = randomBytes(32).toString('hex');
  const checked = checkConfig({
    ...tree,
    http: { port: 0, shedAfter: 0, ...tree['http'] },
    database: {
      host,
      port,
      name: database.name,
      appPassword: strong,
      identityPassword: strong,
      ownerPassword: strong,
      workerPassword: strong,
      auditorPassword: strong,
      ...tree['database'],
    },
    context: { keyId: database.key.id, key: Buffer.from(database.key.secret).toString('hex') },
    // Tests sign in many times from one address; those of the limits turn them on.
    limits: { enabled: false, ...tree['limits'] },
    mail: { sink: tree['mail'] === undefined, ...tree['mail'] },
    encryption: { keyId: randomBytes(4).toString('hex'), key: strong, ...tree['encryption'] },
  });
  return { ...checked, database: { ...checked.database, ...passwordsOf(database) } };
}

/** The test server trusts everybody; its one short password would not pass as a configured one. */
function passwordsOf({ connections }: TestDatabase) {
  const { password } = connections.app;
  return {
    appPassword: password,
    identityPassword: password,
    ownerPassword: password,
    workerPassword: password,
    auditorPassword: password,
  };
}
