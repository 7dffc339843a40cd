import pg from 'pg';

/** A row of the lab, as both databases have it. */
export type LabRow = { tenant: string; title: string; secret: string };

const title = 'Vault combination';

/**
 * Gives every tenant a secret where it has none, and reads them all.
 *
 * @param administrator a superuser's connection to the server's database: nobody else sees all tenants
 * @param randomHex fresh randomness for one secret, as hex
 */
export async function fillSecrets(
  administrator: pg.ClientConfig,
  randomHex: () => string,
): Promise<LabRow[]> {
  const client = new pg.Client(administrator);
  await client.connect();
  try {
    const { rows: tenants } = await client.query<{ id: string; name: string }>(
      'select t.id, t.name from tenants.tenant t where not exists (select from lab.secret s where s.tenant_id = t.id)',
    );
    for (const { id } of tenants) {
      await client.query('insert into lab.secret (tenant_id, title, secret) values ($1, $2, $3)', [
        id,
        title,
        `flag{${randomHex()}}`,
      ]);
    }
    const { rows } = await client.query<LabRow>(
      'select tenant_id as tenant, title, secret from lab.secret order by created_at, tenant_id',
    );
    return rows;
  } finally {
    await client.end();
  }
}
