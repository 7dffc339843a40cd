import { answerRequests, purgeLinks } from '@bulkhead/platform/identity';
import type { LinkDependencies } from '@bulkhead/platform/identity';
import { deliverMail, holdMail, purgeMail, readMailQueue } from '@bulkhead/platform/mail';
import type { FieldCipher } from '@bulkhead/platform/vault';
import type { Pool } from 'pg';
import type { Config } from '../config/schema.ts';
import type { Duty } from '../duties/duty.ts';
import type { Log } from '../http/log.ts';
import type { Secrets } from '../secrets/secrets.ts';
import { createTransport } from './mailing.ts';

export type MailDutyParts = {
  config: Pick<Config, 'mail'>;
  /** Connected as bulkhead_worker. */
  worker: Pool;
  cipher: FieldCipher;
  clock: () => number;
  log: Pick<Log, 'info' | 'warn'>;
  secrets?: Pick<Secrets, 'replaced'>;
  /** What answers requests for links; absent where there is no mail. */
  links: LinkDependencies | undefined;
};

const hour = 3_600_000;
/** A message that waits longer than this is told of in the log, in seconds. */
const slowAfter = 60;

/** Answers requests for links, delivers what the outbox holds, tells when it falls behind, and clears away the old. */
export function mailDuties(parts: MailDutyParts): Duty[] {
  const { worker: pool, clock, links } = parts;
  const purge: Duty = {
    name: 'mail.purge',
    every: hour,
    run: async () => {
      await purgeMail({ pool, clock });
      await purgeLinks({ pool, clock });
    },
  };
  if (links === undefined) return [purge];
  const answer: Duty = {
    name: 'link.answer',
    every: 500,
    run: async () => ((await answerRequests(links)) === 20 ? 'again' : undefined),
  };
  return [answer, deliverDuty(parts), watchDuty(parts), purge];
}

function deliverDuty({ config, worker: pool, cipher, clock, log, secrets }: MailDutyParts): Duty {
  const transport = createTransport(config, secrets);
  if (transport === undefined) {
    return { name: 'mail.hold', every: 500, run: () => holdMail({ pool, clock }) };
  }
  const onDead = (message: { id: string; kind: string; error: string }) =>
    log.warn({ event: 'mail_dead', message });
  const delivery = { pool, cipher, clock, transport, onDead };
  return { name: 'mail.deliver', every: 500, run: (signal) => deliverMail(delivery, signal) };
}

function watchDuty({ worker, clock, log }: MailDutyParts): Duty {
  return {
    name: 'mail.watch',
    every: 60_000,
    run: async () => {
      const queue = await readMailQueue(worker, clock);
      if (queue.oldestSeconds > slowAfter) log.warn({ event: 'mail_delayed', ...queue });
    },
  };
}
