import { instant } from '../session.ts';

/** Field of the contract -> column, for what a client may write. */
export const customerColumns = {
  code: 'code',
  name: 'name',
  email: 'email',
  phone: 'phone',
  taxId: 'tax_id',
  street: 'street',
  postalCode: 'postal_code',
  city: 'city',
  country: 'country',
} as const;

/** What a read of `books.customer c` selects. */
export const selectedCustomer = `c.id, c.company_id as "companyId",
  ${Object.entries(customerColumns)
    .map(([field, column]) => `c.${column} as "${field}"`)
    .join(', ')},
  ${instant('c.created_at')} as "createdAt", ${instant('c.updated_at')} as "updatedAt"`;
