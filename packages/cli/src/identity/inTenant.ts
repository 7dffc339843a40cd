import { ContextSealer, TenantPool, type TenantSession } from '@bulkhead/kernel';
import { connectionOf } from '@bulkhead/server';
import { usageFailure } from '../command-line/failure.ts';
import { asOwner, type DatabaseConfig } from '../database/openDatabase.ts';
import { ask } from './accountState.ts';

/** Whoever works on the command line has no account; entries say `service` and this id. */
const actor = { kind: 'service', id: '00000000-0000-0000-0000-000000000000' } as const;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws CommandFailure usage, naming the option */
export function checkedId(option: string, value: string): string {
  if (!uuid.test(value)) throw usageFailure(`${option} takes a UUID.`);
  return value.toLowerCase();
}

const sealerOf = ({ context }: Pick<DatabaseConfig, 'context'>): ContextSealer =>
  new ContextSealer({ key: { id: context.keyId, secret: context.key } });

/** Runs `work` with what reads a tenant's own data, as bulkhead_app under contexts sealed for the command line. */
export async function inTenants<Result>(
  config: Pick<DatabaseConfig, 'database' | 'context'>,
  work: (sessionOf: (tenant: string) => TenantSession) => Promise<Result>,
): Promise<Result> {
  const connection = { ...connectionOf(config.database, 'app'), max: 1 };
  const pool = new TenantPool({ connection, sealer: sealerOf(config) });
  try {
    return await work((tenant) => pool.as({ tenant, actor }));
  } finally {
    await pool.close();
  }
}

/**
 * Asks a function that bulkhead_owner alone may run for its `answer`, under a context of the tenant, its first parameter.
 *
 * @throws CommandFailure with the constraint as code, where the function refuses
 */
export async function askAsOwner(
  config: DatabaseConfig,
  { tenant, call, values }: { tenant: string; call: string; values: readonly unknown[] },
): Promise<unknown> {
  const context = sealerOf(config).seal({ tenant, actor });
  return asOwner(config, (client) => ask(client, `select ${call} as answer`, [context, ...values]));
}
