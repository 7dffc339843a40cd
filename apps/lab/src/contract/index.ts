import { procedure } from '@bulkhead/server/contract';
import { z } from 'zod';

const tags = ['Lab'];

/** Longest text the search box takes, in UTF-16 code units. */
export const inputMaxLength = 2000;

/** `sealed`: the protected table; `plain`: the same rows behind a plain setting. */
export const target = z.enum(['sealed', 'plain']);
export type Target = z.infer<typeof target>;

const outcome = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('rows'),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.string().nullable())),
    /** There were more than the lab shows. */
    truncated: z.boolean(),
  }),
  z.object({
    /** `refused` is SQLSTATE 42501. */
    kind: z.enum(['refused', 'error']),
    sqlstate: z.string(),
    message: z.string(),
    hint: z.string().nullable(),
  }),
  z.object({ kind: z.literal('stopped'), reason: z.enum(['time', 'size', 'connection']) }),
]);
export type Outcome = z.infer<typeof outcome>;

const attempt = z.object({
  id: z.string(),
  at: z.string(),
  who: z.string(),
  target,
  input: z.string(),
  outcome: z.enum(['rows', 'refused', 'error', 'stopped']),
  rows: z.int(),
  foreignSecrets: z.int(),
  sqlstate: z.string().nullable(),
  message: z.string().nullable(),
});
export type Attempt = z.infer<typeof attempt>;

const tally = z.object({ attempts: z.int(), foreignSecrets: z.int() });

const lab = z.object({
  /** The query around the visitor's text. */
  query: z.object({ before: z.string(), after: z.string() }),
  limits: z.object({ milliseconds: z.int(), rows: z.int(), bytes: z.int() }),
  /** Whether the copy behind a plain setting is there to be attacked. */
  plain: z.boolean(),
  examples: z.array(z.object({ title: z.string(), text: z.string() })),
  /** The tenant's own, newest first. */
  attempts: z.array(attempt),
  tally: z.object({ sealed: tally, plain: tally }),
});
export type Lab = z.infer<typeof lab>;

const result = z.object({
  /** The statement as it was sent. */
  sql: z.string(),
  outcome,
  /** Secrets of other tenants in the answer. */
  foreignSecrets: z.int(),
  milliseconds: z.int(),
});
export type AttemptResult = z.infer<typeof result>;

/** The HTTP surface of the lab. */
export const contract = {
  read: procedure({ permission: 'lab:attempt.run', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/attempts', summary: 'The lab: query, limits, examples, attempts', tags })
    .input(z.strictObject({}))
    .output(lab),
  attempt: procedure({ permission: 'lab:attempt.run', rate: 'heavy', scope: 'tenant' })
    .route({
      method: 'POST',
      path: '/attempts',
      summary: 'Try to steal: the text becomes part of the SQL',
      tags,
    })
    .input(
      z.strictObject({
        // The wire protocol ends a text at a NUL.
        text: z
          .string()
          .max(inputMaxLength)
          .refine((text) => !text.includes('\0'), 'must not hold a NUL'),
        target,
      }),
    )
    .output(result)
    .errors({
      lab_busy: { status: 503, message: 'Two attempts are running already. Try again in a moment.' },
      lab_no_copy: { status: 409, message: 'This demo has no copy behind a plain setting.' },
    }),
};
