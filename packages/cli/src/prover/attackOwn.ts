import { ContextSealer } from '@bulkhead/kernel';
import { attack, attacks, scan } from '@bulkhead/prover';
import { connectionOf, type AttackDone, type AttackEngine, type Config } from '@bulkhead/server';
import type pg from 'pg';
import { connect } from './connect.ts';

/** Two tenants that exist; undefined: two that do not, whose rows are made inside each transaction. */
export type TenantPair = { ours: string; theirs: string } | undefined;

/**
 * The prover, aimed at the server's own database as bulkhead_app, on connections of its own.
 *
 * @param tenants read at each attack. Only a demo names its own: an attack locks what it touches until it is rolled back
 */
export function attackOwn(
  { database, context }: Pick<Config, 'database' | 'context'>,
  tenants: () => TenantPair = () => undefined,
): AttackEngine {
  const sealer = new ContextSealer({ key: { id: context.keyId, secret: context.key }, lifetimeSeconds: 900 });
  return async ({ onProgress, signal }) => {
    const open: pg.Client[] = [];
    const another = async (): Promise<pg.Client> => {
      const client = await connect(connectionOf(database, 'app'));
      open.push(client);
      return client;
    };
    const begin = performance.now();
    try {
      const client = await another();
      const { catalog, model } = await scan({ client, settings: { preset: 'bulkhead', origin: 'flag' } });
      const result = await attack({
        client,
        connect: another,
        model,
        catalog,
        tenants: tenants(),
        seal: (tenant) => sealer.seal({ tenant, actor: { kind: 'account', id: tenant } }),
        signal,
        progress: (done, total, table) => onProgress({ type: 'progress', done, total, table }),
      });
      return report(result, (performance.now() - begin) / 1000);
    } finally {
      // A lost connection is closed already.
      await Promise.all(open.map((client) => client.end().catch(() => undefined)));
    }
  };
}

function report({ role, cells, unseen }: Awaited<ReturnType<typeof attack>>, seconds: number): AttackDone {
  const tried = new Set(cells.map((cell) => cell.attack));
  return {
    type: 'done',
    role,
    seconds: Math.round(seconds * 10) / 10,
    attacks: attacks
      .filter(({ id }) => tried.has(id))
      .map(({ id, title, threat }) => ({ id, title, threat })),
    cells,
    unseen,
  };
}
