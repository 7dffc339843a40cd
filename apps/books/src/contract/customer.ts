import { nothing, procedure } from '@bulkhead/server/contract';
import { z } from 'zod';
import { amount, code, currencyCode, date, id, line, page, pageOf, search, timestamp } from './value.ts';

const tags = ['Books: customers'];

const fields = {
  code,
  name: line(200),
  email: z.email().max(254).nullable(),
  phone: line(40).nullable(),
  taxId: line(40).nullable(),
  street: line(200).nullable(),
  postalCode: line(20).nullable(),
  city: line(100).nullable(),
  /** ISO 3166-1 alpha-2. */
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'ISO 3166-1: two capital letters')
    .nullable(),
};

export const customer = z.object({
  id,
  companyId: id,
  ...fields,
  email: z.string().nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
export type Customer = z.infer<typeof customer>;

export const newCustomer = z.strictObject({
  code: fields.code,
  name: fields.name,
  email: fields.email.default(null),
  phone: fields.phone.default(null),
  taxId: fields.taxId.default(null),
  street: fields.street.default(null),
  postalCode: fields.postalCode.default(null),
  city: fields.city.default(null),
  country: fields.country.default(null),
});
export type NewCustomer = z.output<typeof newCustomer>;

export const customers = {
  list: procedure({ permission: 'books:customer.read', rate: 'read' })
    .route({ method: 'GET', path: '/customers', summary: 'List customers by code', tags })
    .input(z.strictObject({ search, ...page }))
    .output(pageOf(customer)),
  get: procedure({ permission: 'books:customer.read', rate: 'read' })
    .route({ method: 'GET', path: '/customers/{id}', summary: 'Read a customer', tags })
    .input(z.strictObject({ id }))
    .output(customer),
  create: procedure({ permission: 'books:customer.change', rate: 'write' })
    .route({ method: 'POST', path: '/customers', summary: 'Create a customer', tags, successStatus: 201 })
    .input(newCustomer)
    .output(customer),
  change: procedure({ permission: 'books:customer.change', rate: 'write' })
    .route({
      method: 'PATCH',
      path: '/customers/{id}',
      summary: 'Change the named fields of a customer',
      tags,
    })
    .input(z.strictObject({ id, ...z.object(fields).partial().shape }))
    .output(customer),
  remove: procedure({ permission: 'books:customer.change', rate: 'write' })
    .route({
      method: 'DELETE',
      path: '/customers/{id}',
      summary: 'Remove a customer; issued invoices stay, drafts must be removed first',
      tags,
    })
    .input(z.strictObject({ id }))
    .output(z.object({ id })),
  balance: procedure({ permission: 'books:customer.read', rate: 'read' })
    .route({ method: 'GET', path: '/customers/{id}/balance', summary: 'What a customer owes', tags })
    .input(z.strictObject({ id, asOf: date.optional() }))
    .output(
      z.object({
        id,
        currency: currencyCode,
        asOf: date.nullable(),
        invoiced: amount,
        settled: amount,
        balance: amount,
      }),
    ),
  export: procedure({ permission: 'books:customer.read', rate: 'heavy' })
    .route({
      method: 'GET',
      path: '/customers.csv',
      summary: 'All customers as CSV; cells that a spreadsheet would run are neutralised',
      tags,
    })
    .input(nothing)
    .output(z.file()),
};
