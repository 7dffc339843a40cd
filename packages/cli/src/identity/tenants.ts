import { asOwner, type DatabaseConfig } from '../database/openDatabase.ts';
import { inTenants } from './inTenant.ts';

export type ListedTenant = {
  id: string;
  name: string;
  members: number;
  companies: number;
  createdAt: string;
};

/**
 * Tenants by name. Which there are, the directory of memberships tells bulkhead_owner; what each is called, only a context
 * of its own shows.
 *
 * @param part of the name, in any case; absent: all
 */
export async function listTenants(config: DatabaseConfig, part = ''): Promise<ListedTenant[]> {
  const ids = await asOwner(config, async (client) => {
    const { rows } = await client.query<{ id: string; members: number }>(
      'select tenant_id as id, count(*)::int as members from identity.membership_directory group by tenant_id',
    );
    return rows;
  });
  const listed = await inTenants(config, async (sessionOf) => {
    const found: ListedTenant[] = [];
    for (const { id, members } of ids) {
      // oxlint-disable-next-line no-await-in-loop -- one connection takes one statement after another
      const { rows } = await sessionOf(id).query<{ name: string; companies: number; created_at: Date }>(
        'select name, created_at, (select count(*)::int from tenants.company) as companies from tenants.tenant',
      );
      for (const { name, companies, created_at } of rows) {
        found.push({ id, name, members, companies, createdAt: created_at.toISOString() });
      }
    }
    return found;
  });
  const wanted = part.toLowerCase();
  return listed
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .toSorted((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}
