import type { Pool } from 'pg';
import { noTenant } from '../noTenant.ts';
import type { Sealer } from '../../sealer.ts';
import type { Protocol } from './connection.ts';
import { PlatformError } from '../../errors.ts';
import { parseEmail } from '../email.ts';

/**
 * Where somebody with this address signs in. It looks at the address's domain alone, and so tells nothing about the person; it
 * does tell that a domain uses single sign-on here, which its sign-in page tells anybody anyway.
 *
 * @returns connections that are on, oldest first; none for an address that is none
 */
export async function findConnections(
  { pool, sealer }: { pool: Pool; sealer: Sealer },
  email: string,
): Promise<{ id: string; protocol: Protocol }[]> {
  const domain = domainOf(email);
  if (domain === undefined) return [];
  const owner = await pool.query<{ tenant_id: string }>(
    'select tenant_id from identity.domain_owner where name = $1',
    [domain],
  );
  const tenant = owner.rows[0]?.tenant_id;
  if (tenant === undefined) return [];
  const context = sealer.seal({ tenant, actor: { kind: 'service', id: noTenant } });
  const { rows } = await pool.query<{ id: string; protocol: Protocol }>(
    'select id, protocol from identity.connections_of_context($1)',
    [context],
  );
  return rows;
}

function domainOf(email: string): string | undefined {
  try {
    return parseEmail(email).normalised.split('@')[1];
  } catch (error) {
    if (error instanceof PlatformError) return undefined;
    throw error;
  }
}
