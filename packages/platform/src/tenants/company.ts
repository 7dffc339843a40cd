import { PlatformError, translating } from '../errors.ts';
import { parseName } from '../name.ts';
import type { TenantSession } from '../tenantSession.ts';

export type Company = { id: string; name: string; createdAt: Date };

const columns = 'id, name, created_at as "createdAt"';

/**
 * The open companies of the context's tenant, by name; with `companyIds`, as a membership gives them, only those.
 */
export async function listCompanies(
  session: TenantSession,
  { companyIds = null }: { companyIds?: readonly string[] | null } = {},
): Promise<Company[]> {
  const { rows } = await session.query<Company>(
    `select ${columns} from tenants.company
     where deleted_at is null and ($1::uuid[] is null or id = any ($1)) order by name, id`,
    [companyIds],
  );
  return rows;
}

/** @throws PlatformError input_invalid, company_exists */
export async function createCompany(session: TenantSession, { name }: { name: string }): Promise<Company> {
  const values = [parseName(name, 'name')];
  const { rows } = await translating({ company_name_unique: 'company_exists' }, () =>
    session.query<Company>(`insert into tenants.company (name) values ($1) returning ${columns}`, values),
  );
  return only(rows);
}

/** @throws PlatformError input_invalid, company_exists, company_missing */
export async function renameCompany(
  session: TenantSession,
  { companyId, name }: { companyId: string; name: string },
): Promise<Company> {
  const values = [companyId, parseName(name, 'name')];
  const { rows } = await translating({ company_name_unique: 'company_exists' }, () =>
    session.query<Company>(
      `update tenants.company set name = $2 where id = $1 and deleted_at is null returning ${columns}`,
      values,
    ),
  );
  return only(rows);
}

function only(rows: Company[]): Company {
  const [company] = rows;
  if (company === undefined) throw new PlatformError('company_missing');
  return company;
}
