import { PlatformError } from '../errors.ts';
import type { TenantSession } from '../tenantSession.ts';

/** A search that somebody kept under a name; seen by that account alone. */
export type View = {
  id: string;
  name: string;
  /** The filters as the client has them; the server keeps them and does not read them. */
  filter: Record<string, string>;
};

const most = 50;

/** The account's own views in this tenant, by name. */
export async function listViews(session: TenantSession): Promise<View[]> {
  const { rows } = await session.query<View>(
    'select id, name, filter from tenants.audit_view order by lower(name), id',
  );
  return rows;
}

/**
 * Keeps a search under a name; one of that name is replaced.
 *
 * @param view name: 1 to 60 characters
 * @throws PlatformError view_limit with 50 kept already
 */
export async function saveView(session: TenantSession, { name, filter }: Omit<View, 'id'>): Promise<View> {
  const values = [name, JSON.stringify(filter)];
  const replaced = await session.query<View>(
    'update tenants.audit_view set filter = $2 where name = $1 returning id, name, filter',
    values,
  );
  if (replaced.rows[0] !== undefined) return replaced.rows[0];
  const { rows } = await session.query<View>(
    `insert into tenants.audit_view (name, filter)
     select $1, $2 where (select count(*) from tenants.audit_view) < ${most} returning id, name, filter`,
    values,
  );
  const [view] = rows;
  if (view === undefined) throw new PlatformError('view_limit');
  return view;
}

/** @throws PlatformError view_missing */
export async function removeView(session: TenantSession, viewId: string): Promise<void> {
  const { rowCount } = await session.query('update tenants.audit_view set deleted_at = now() where id = $1', [
    viewId,
  ]);
  if (rowCount === 0) throw new PlatformError('view_missing');
}
