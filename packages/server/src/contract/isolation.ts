import { eventIterator } from '@orpc/contract';
import * as z from 'zod';
import { nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Isolation'];

const figures = {
  /** Statements run under the tenant's contexts today. */
  statements: z.int(),
  /** Statements and batches refused today. */
  refusals: z.int(),
  /** Rows of another tenant found in results by sampling. Must be 0. */
  crossTenantRows: z.int(),
};

const holdings = {
  /** Live rows of the tenant's protected tables; null when counting took too long. */
  rows: z.int().nullable(),
  /** Those of them that a module calls documents. */
  documents: z.int().nullable(),
};

const verdict = z.enum(['refused', 'leaked', 'inconclusive', 'not applicable']);

/** Any number of `progress`, then one `done`. Disconnecting ends the attack. */
export const attackEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), done: z.int(), total: z.int(), table: z.string() }),
  z.object({
    type: z.literal('done'),
    role: z.string(),
    seconds: z.number(),
    attacks: z.array(z.object({ id: z.string(), title: z.string(), threat: z.string() })),
    cells: z.array(
      z.object({
        table: z.string(),
        attack: z.string(),
        verdict,
        /** SQLSTATE and message, or `0 rows`. */
        evidence: z.string().nullable(),
        reason: z.string().nullable(),
        /** SQL that shows the leak when pasted into psql. */
        reproduction: z.string().nullable(),
      }),
    ),
    unseen: z.array(z.object({ what: z.string(), why: z.string() })),
  }),
]);
export type AttackEvent = z.infer<typeof attackEvent>;

export const isolationContract = {
  figures: procedure({ permission: 'tenants:tenant.read', rate: 'read', scope: 'tenant' })
    .route({ method: 'GET', path: '/isolation', summary: 'Live figures of isolation, of this tenant', tags })
    .input(nothing)
    .output(
      z.object({
        /** UTC, `YYYY-MM-DD`. */
        day: z.string(),
        ...figures,
        ...holdings,
        tables: z.array(z.object({ table: z.string(), rows: z.int().nullable(), document: z.boolean() })),
        /** Who may attack the database from here: in the demo everybody who is signed in. */
        attack: z.enum(['nobody', 'operators', 'everybody']),
      }),
    ),

  all: procedure({ permission: 'signed-in', operator: true, rate: 'heavy' })
    .route({
      method: 'GET',
      path: '/isolation/tenants',
      summary: 'The same of every tenant, for operators',
      tags,
    })
    .input(nothing)
    .output(
      z.object({
        day: z.string(),
        tenants: z.array(z.object({ id: uuid, name: z.string().nullable(), ...figures, ...holdings })),
      }),
    ),

  attack: procedure({ permission: 'signed-in', rate: 'heavy' })
    .route({
      method: 'POST',
      path: '/isolation/attack',
      summary: 'Attack this server’s own database, in transactions that are rolled back',
      tags,
    })
    .input(nothing)
    .output(eventIterator(attackEvent))
    .errors({
      attack_running: { status: 409, message: 'An attack is running already. Wait for its end.' },
      attack_absent: { status: 404, message: 'This server was started without the prover.' },
    }),
};
