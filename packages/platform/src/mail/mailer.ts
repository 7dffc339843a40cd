import type { ClientBase, Pool } from 'pg';
import type { Clock } from '../clock.ts';
import { PlatformError } from '../errors.ts';
import { randomUuid, type RandomBytes } from '../random.ts';
import type { FieldCipher } from '../vault/index.ts';
import { setLetter, type Letter } from './letter.ts';
import { assertMessage, type Message } from './message.ts';

/** Pages of the console that a link may lead to; a link leads to no other. */
export type LinkPage =
  | '/accept-invite'
  | '/confirm-sign-up'
  | '/forgot-password'
  | '/magic-link'
  | '/reset-password'
  | '/security'
  | '/sign-in'
  | '/undo-email-change'
  | '/verify-email'
  | '/webhooks'
  | '/confirm-email';

export type Posting = {
  /** What it is about, e.g. `password_reset`; stands in the table in clear. */
  kind: string;
  letter: Letter;
  /** When telling makes no sense any more; at most 7 days from now. Default: 7 days. */
  expiresAt?: Date | undefined;
};

/** The arguments of `mail.post`. */
export type SealedMessage = { id: string; kind: string; content: Buffer; at: Date; expiresAt: Date };

export type MailerOptions = {
  cipher: FieldCipher;
  clock: Clock;
  randomBytes: RandomBytes;
  /**
   * The origin people use, from configuration: never from a request, whose Host header anybody may set (T-37).
   * Asked for each link, because the port may come late.
   */
  origin: () => string;
  /** Name of the service, under every letter. Default 'Bulkhead'. */
  product?: string;
};

const day = 24 * 3_600_000;

/** Writes letters and puts them into the outbox, in the transaction of what they tell of. */
export class Mailer {
  readonly #options: MailerOptions;
  readonly product: string;

  constructor(options: MailerOptions) {
    this.#options = options;
    this.product = options.product ?? 'Bulkhead';
  }

  /** The address of a page; a token stands in the fragment, which no browser sends to any server. */
  link(page: LinkPage, token?: string): string {
    const url = new URL(page, this.#options.origin());
    if (token !== undefined) url.hash = token;
    return url.href;
  }

  /** @throws PlatformError email_invalid, input_invalid */
  seal({ kind, letter, expiresAt }: Posting): SealedMessage {
    const message = setLetter(letter, this.product);
    assertMessage(message);
    const { cipher, clock, randomBytes } = this.#options;
    const now = clock();
    const id = randomUuid(randomBytes);
    const content = cipher.encrypt(Buffer.from(JSON.stringify(message)), bindingOf(id));
    return { id, kind, content, at: new Date(now), expiresAt: expiresAt ?? new Date(now + 7 * day) };
  }

  /**
   * Queues a letter; given a client within a transaction, exactly when that commits.
   *
   * @param database connected as bulkhead_identity or bulkhead_app
   */
  async post(database: Pool | ClientBase, posting: Posting): Promise<void> {
    const { id, kind, content, at, expiresAt } = this.seal(posting);
    await database.query('select mail.post($1, $2, $3, $4, $5)', [id, kind, content, at, expiresAt]);
  }
}

/** @throws VaultError when the content was not sealed by this installation for this row */
export function openMessage(cipher: FieldCipher, id: string, content: Buffer): Message {
  return JSON.parse(cipher.decrypt(content, bindingOf(id)).toString('utf8')) as Message;
}

function bindingOf(id: string): readonly string[] {
  return ['mail.message', id, 'content'];
}

/**
 * The mailer of a service that has one.
 *
 * @throws PlatformError mail_unavailable: to everybody alike, whoever asks for a letter to whatever address
 */
export function requireMailer(mailer: Mailer | undefined): Mailer {
  if (mailer === undefined) throw new PlatformError('mail_unavailable');
  return mailer;
}
