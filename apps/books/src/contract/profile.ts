import { nothing, procedure } from '@bulkhead/server/contract';
import { z } from 'zod';
import { currencyCode, date, id, line, timestamp } from './value.ts';

const tags = ['Books: profile'];

/** How a company keeps its books. The currency never changes. */
export const profile = z.object({
  companyId: id,
  legalName: z.string(),
  taxId: z.string().nullable(),
  currency: currencyCode,
  /** Digits after the decimal point of that currency. */
  minorUnits: z.int().min(0).max(4),
  /** 1 to 12. */
  fiscalYearStartMonth: z.int().min(1).max(12),
  /** IANA name; decides what "today" is. */
  timeZone: z.string(),
  /** First day on which anything may be posted. */
  startsOn: date,
  /** End of the last period signed off; null when none is. */
  closedThrough: date.nullable(),
  createdAt: timestamp,
  updatedAt: timestamp,
});
export type Profile = z.infer<typeof profile>;

export const currency = z.object({ code: currencyCode, name: z.string(), minorUnits: z.int().min(0).max(4) });

export const profiles = {
  list: procedure({ permission: 'books:profile.read', rate: 'read' })
    .route({ method: 'GET', path: '/profiles', summary: 'The companies that keep books, by name', tags })
    .input(nothing)
    .output(z.array(profile)),
  get: procedure({ permission: 'books:profile.read', rate: 'read' })
    .route({
      method: 'GET',
      path: '/profile',
      summary: 'How this company keeps its books; 404 before they are opened',
      tags,
    })
    .input(nothing)
    .output(profile),
  open: procedure({ permission: 'books:profile.open', rate: 'write' })
    .route({
      method: 'POST',
      path: '/profile',
      summary:
        'Open the books of this company: currency, chart of accounts, periods of the first fiscal year',
      tags,
      successStatus: 201,
    })
    .input(
      z.strictObject({
        legalName: line(200),
        taxId: line(40).nullable().default(null),
        currency: currencyCode,
        fiscalYearStartMonth: z.int().min(1).max(12).default(1),
        timeZone: line(60).default('UTC'),
        startsOn: date,
      }),
    )
    .output(profile),
  change: procedure({ permission: 'books:profile.open', rate: 'write' })
    .route({ method: 'PATCH', path: '/profile', summary: 'Change names and time zone', tags })
    .input(
      z.strictObject({
        legalName: line(200).optional(),
        taxId: line(40).nullable().optional(),
        timeZone: line(60).optional(),
      }),
    )
    .output(profile),
  currencies: procedure({ permission: 'books:profile.read', rate: 'read' })
    .route({ method: 'GET', path: '/currencies', summary: 'Currencies in use (ISO 4217)', tags })
    .input(nothing)
    .output(z.array(currency)),
};
