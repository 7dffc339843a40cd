import pg from 'pg';
import { answerRequests, type LinkDependencies } from '../src/identity/index.ts';
import { listHeldMail, Mailer, type HeldMessage } from '../src/mail/index.ts';
import type { Fixture } from './fixture.ts';

export const origin = 'https://app.example.com';

export type MailFixture = {
  links: LinkDependencies;
  /** Connected as bulkhead_worker. */
  worker: pg.Pool;
  /** Answers every request for a link that waits. */
  answer(): Promise<number>;
  /** What waits in the outbox for an address, the newest first. */
  mailTo(email: string): Promise<HeldMessage[]>;
  /** The token in the newest message of a kind to an address. */
  tokenFor(email: string, kind: string): Promise<string>;
  close(): Promise<void>;
};

/** Links by mail on a fixture's database: the duty runs when asked, and nothing is sent. */
export function openMail(fixture: Fixture): MailFixture {
  const { cipher, clock, randomBytes } = fixture.identity;
  const mailer = new Mailer({ cipher, clock, randomBytes, origin: () => origin });
  const links: LinkDependencies = { ...fixture.identity, mailer };
  const worker = new pg.Pool(fixture.database.connections.worker);
  worker.on('error', () => {});
  const mailTo = async (email: string): Promise<HeldMessage[]> =>
    (await listHeldMail({ pool: worker, cipher })).filter(
      ({ to }) => to.toLowerCase() === email.toLowerCase(),
    );
  return {
    links,
    worker,
    answer: () => answerRequests(links, 1000),
    mailTo,
    tokenFor: async (email, kind) => {
      const message = (await mailTo(email)).find((candidate) => candidate.kind === kind);
      const token = /#(\S+)/.exec(message?.text ?? '')?.[1];
      if (token === undefined) throw new Error(`no ${kind} to ${email}`);
      return token;
    },
    close: () => worker.end(),
  };
}
