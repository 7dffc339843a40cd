import { ContextSealer } from '@bulkhead/kernel';
import { identityDependencies, type IdentityDependencies } from '@bulkhead/platform/identity';
import { connectionOf, createCipher } from '@bulkhead/server';
import pg from 'pg';
import type { DatabaseConfig } from '../database/openDatabase.ts';

/** Runs `work` with what the identity slice needs, as bulkhead_identity. */
export async function withIdentity<Result>(
  { database, context, encryption }: DatabaseConfig,
  work: (identity: IdentityDependencies) => Promise<Result>,
): Promise<Result> {
  const pool = new pg.Pool({ ...connectionOf(database, 'identity'), max: 4 });
  // Without a listener a lost connection would end the process.
  pool.on('error', () => undefined);
  try {
    const sealer = new ContextSealer({ key: { id: context.keyId, secret: context.key } });
    return await work(identityDependencies({ pool, sealer, cipher: createCipher(encryption) }));
  } finally {
    await pool.end();
  }
}
