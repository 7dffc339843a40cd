import { createCompany, listCompanies } from '@bulkhead/platform/tenants';
import type { Company } from '@bulkhead/platform/tenants';
import { implement } from '@orpc/server';
import { companyContract } from '../contract/company.ts';
import type { PlatformContext } from '../rpc/context.ts';

/** The companies of a tenant. */
export function companyHandlers() {
  const permitted = implement(companyContract).$context<PlatformContext>();
  return {
    list: permitted.list.handler(async ({ context: { session, companyIds } }) => {
      const companies = await listCompanies(session, { companyIds });
      return { companies: companies.map(toCompany) };
    }),
    create: permitted.create.handler(async ({ input, context: { session } }) =>
      toCompany(await createCompany(session, input)),
    ),
  };
}

function toCompany({ id, name, createdAt }: Company) {
  return { id, name, createdAt: createdAt.toISOString() };
}
