import type { Context, ContextSealer } from '@bulkhead/kernel';
import { defineModule, implementContract } from '@bulkhead/server/module';
import type { Module, ModuleContext } from '@bulkhead/server/module';
import type pg from 'pg';
import { examples } from './attempt/examples.ts';
import { foreignSecrets } from './attempt/foreign.ts';
import type { Secrets } from './attempt/foreign.ts';
import { standardLimits } from './attempt/limits.ts';
import type { Limits } from './attempt/limits.ts';
import { readAttempts, readTally, writeAttempt } from './attempt/log.ts';
import { injectableSql, query } from './attempt/query.ts';
import { runAttack } from './attempt/run.ts';
import { contract } from './contract/index.ts';
import type { Target } from './contract/index.ts';

export type LabOptions = {
  /** The server's; its `lab.enabled` must be on, which only a server of this machine alone may say. */
  config: { lab: { enabled: boolean } };
  /** As bulkhead_app, to the database of the server. */
  app: pg.ClientConfig;
  /** As the role of the copy, to the copy; absent: there is none. */
  plain?: pg.ClientConfig | undefined;
  sealer: Pick<ContextSealer, 'seal'>;
  /** Every tenant's secret by tenant, to recognise those that got out. */
  secrets: Secrets;
  limits?: Partial<Limits>;
};

/** Attempts that may run at once, so that visitors cannot take every connection. */
const atOnce = 2;

/** The migrations of the lab, and its names. */
const description = {
  name: 'lab',
  migrations: new URL('../sql/', import.meta.url),
  contract,
  permissions: { 'lab:attempt.run': 'Try to steal other tenants’ secrets in the demo’s lab' },
  roles: { 'lab:visitor': { description: 'Visits the lab', permissions: ['lab:attempt.run'] } },
} as const;

/**
 * The lab as a module of the server. It runs SQL that visitors write, as bulkhead_app: for a demo on one's own machine
 * and nothing else.
 *
 * @throws {Error} when the server's configuration does not say that the lab is on
 */
export function createLab(options: LabOptions): Module {
  if (!options.config.lab.enabled) throw new Error('The lab is off: lab.enabled is not set.');
  const limits = { ...standardLimits, ...options.limits };
  const os = implementContract(contract);
  let running = 0;
  return defineModule({
    ...description,
    router: os.router({
      read: os.read.handler(async ({ context: { session, tenant } }) => ({
        query,
        limits: { milliseconds: limits.milliseconds, rows: limits.rows, bytes: limits.bytes },
        plain: options.plain !== undefined,
        examples: examples([...options.secrets.keys()].find((owner) => owner !== tenant)),
        attempts: await readAttempts(session),
        tally: await readTally(session),
      })),
      attempt: os.attempt.handler(async ({ input: { text, target }, context, errors }) => {
        const way = wayTo(target, options, context);
        if (way === undefined) throw errors.lab_no_copy();
        if (running >= atOnce) throw errors.lab_busy();
        running += 1;
        try {
          const sql = injectableSql(text);
          const begin = performance.now();
          const outcome = await runAttack({ ...way, sql, limits });
          const milliseconds = Math.round(performance.now() - begin);
          const foreign = foreignSecrets(outcome, context.tenant, options.secrets);
          const { session, actor } = context;
          await writeAttempt(session, {
            who: actor.name,
            target,
            input: text,
            outcome,
            foreignSecrets: foreign,
          });
          return { sql, outcome, foreignSecrets: foreign, milliseconds };
        } finally {
          running -= 1;
        }
      }),
    }),
  });
}

function wayTo(target: Target, { app, plain, sealer }: LabOptions, { tenant, actor }: ModuleContext) {
  if (target === 'plain') {
    return plain && { connection: plain, settings: [['app.tenant', tenant]] as const };
  }
  const context: Context = { tenant, actor: { kind: actor.kind, id: actor.id } };
  return { connection: app, settings: [['bulkhead.context', sealer.seal(context)]] as const };
}
