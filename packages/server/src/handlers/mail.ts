import { listHeldMail } from '@bulkhead/platform/mail';
import { implement } from '@orpc/server';
import { mailContract } from '../contract/mail.ts';
import { RefusalError } from '../problem/refusal.ts';
import type { PublicContext } from '../rpc/context.ts';
import type { MailDesk } from './dependencies.ts';

/** Whether mail leaves, and the demo's mail page. */
export function mailHandlers({ mode, worker, cipher }: MailDesk) {
  const anybody = implement(mailContract).$context<PublicContext>();
  return {
    status: anybody.status.handler(() => ({ mode })),
    list: anybody.list.handler(async () => {
      if (mode !== 'sink' || worker === undefined) throw new RefusalError(notFound);
      const messages = await listHeldMail({ pool: worker, cipher });
      return {
        messages: messages.map(({ id, kind, to, subject, text, createdAt }) => ({
          id,
          kind,
          to,
          subject,
          text,
          createdAt: createdAt.toISOString(),
        })),
      };
    }),
  };
}

const notFound = {
  status: 404,
  code: 'not_found',
  message: 'There is no such thing, or you may not see it.',
};
