import { createSmtpTransport, Mailer, type MailTransport } from '@bulkhead/platform/mail';
import { systemRandomBytes } from '@bulkhead/platform/random';
import type { FieldCipher } from '@bulkhead/platform/vault';
import type { Pool } from 'pg';
import type { Config } from '../config/schema.ts';
import type { Secrets } from '../secrets/secrets.ts';

/** How a server's mail leaves: handed to a mail server, kept to be shown in the demo, or not at all. */
export type MailMode = 'smtp' | 'sink' | 'none';

/** The log line of a server that cannot send mail. */
export const mailUnavailable = {
  event: 'mail_unavailable',
  message:
    'No mail is configured (mail.host): sign-up, forgotten passwords, sign-in links, changes of address and invites are refused.',
};

export type MailingParts = {
  config: Pick<Config, 'mail'>;
  cipher: FieldCipher;
  clock: () => number;
  /** The origin people use; known once the server listens. */
  origin: () => string;
};

export function mailModeOf({ mail }: Pick<Config, 'mail'>): MailMode {
  if (mail.host !== undefined) return 'smtp';
  return mail.sink ? 'sink' : 'none';
}

/** Who writes this server's letters; nobody where none could leave. */
export function createMailer({ config, cipher, clock, origin }: MailingParts): Mailer | undefined {
  if (mailModeOf(config) === 'none') return undefined;
  const product = config.mail.fromName;
  return new Mailer({ cipher, clock, origin, product, randomBytes: systemRandomBytes });
}

/** What the handlers of mail and of links need. */
export function mailHandlerParts(parts: {
  config: Pick<Config, 'mail'>;
  mailer: Mailer | undefined;
  pools: { worker: Pool | undefined };
  cipher: FieldCipher;
}) {
  const { config, mailer, pools, cipher } = parts;
  return { mailer, mail: { mode: mailModeOf(config), worker: pools.worker, cipher } };
}

/** The way to the configured mail server; undefined where none is configured. */
export function createTransport(
  { mail }: Pick<Config, 'mail'>,
  secrets?: Pick<Secrets, 'replaced'>,
): MailTransport | undefined {
  const { host, port, tls, tlsCa, user, password, from, fromName } = mail;
  if (host === undefined || from === undefined) return undefined;
  return createSmtpTransport({
    host,
    port,
    tls,
    tlsCa,
    user,
    from,
    fromName,
    password: () => secrets?.replaced('mail.password') ?? password,
  });
}
