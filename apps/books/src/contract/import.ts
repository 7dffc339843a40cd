import { procedure } from '@bulkhead/server/contract';
import { eventIterator } from '@orpc/contract';
import { z } from 'zod';

const tags = ['Books: imports'];

/** Largest file accepted, bytes. */
export const importMaxBytes = 8 * 1024 * 1024;
/** Most records accepted in one file, the header not counted. */
export const importMaxRecords = 10_000;
/** Most errors reported; `errorCount` counts all of them. */
export const importMaxErrors = 500;

/**
 * `all-or-nothing` writes only if every record is good; `skip-bad-lines` writes the good ones;
 * `dry-run` checks everything as `all-or-nothing` would and writes nothing.
 */
export const importMode = z.enum(['all-or-nothing', 'skip-bad-lines', 'dry-run']);
export type ImportMode = z.infer<typeof importMode>;

/** What is wrong with a record. `line` is where the record starts in the file, from 1; `column` is the header's name. */
export const importError = z.object({
  line: z.int().min(1),
  column: z.string().nullable(),
  code: z.string(),
  message: z.string(),
});
export type ImportError = z.infer<typeof importError>;

/** Any number of `progress`, then one `done`. Nothing is written before `done`; disconnecting earlier writes nothing. */
export const importEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    stage: z.enum(['reading', 'writing']),
    done: z.int(),
    total: z.int(),
  }),
  z.object({
    type: z.literal('done'),
    /** Records written; 0 in a dry run and in an all-or-nothing import that has errors. */
    imported: z.int(),
    /** Records that are or would be left out. */
    skipped: z.int(),
    total: z.int(),
    written: z.boolean(),
    errorCount: z.int(),
    errors: z.array(importError),
  }),
]);
export type ImportEvent = z.infer<typeof importEvent>;

/**
 * UTF-8, with or without a byte order mark; delimiter `,` or `;`, found from the header.
 * As a file (multipart) or as text (JSON).
 */
const input = z.strictObject({
  csv: z.union([z.file().max(importMaxBytes), z.string().max(importMaxBytes)]),
  mode: importMode.default('all-or-nothing'),
});

export const imports = {
  customers: procedure({ permission: 'books:import.run', rate: 'heavy', bodyLimit: importMaxBytes + 65_536 })
    .route({
      method: 'POST',
      path: '/imports/customers',
      summary: 'Import customers: code, name [, email, phone, tax_id, street, postal_code, city, country]',
      tags,
    })
    .input(input)
    .output(eventIterator(importEvent)),
  invoices: procedure({ permission: 'books:import.run', rate: 'heavy', bodyLimit: importMaxBytes + 65_536 })
    .route({
      method: 'POST',
      path: '/imports/invoices',
      summary:
        'Import draft invoices, one record per line of an invoice: reference, customer_code, issued_on, due_on, description, quantity, unit_price [, tax_rate, currency, account_code]',
      tags,
    })
    .input(input)
    .output(eventIterator(importEvent)),
};
