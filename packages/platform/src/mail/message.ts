import { PlatformError } from '../errors.ts';
import { parseEmail } from '../identity/email.ts';

/** One message to one recipient. */
export type Message = {
  /** A strict addr-spec. */
  to: string;
  /** One line of 1 to 200 characters. */
  subject: string;
  text: string;
  html: string;
};

/**
 * Refuses what would make more of a message than one to one recipient (header injection): an address that
 * is not one strict addr-spec, a subject of more than one line. Where a message is sealed and again where it is sent.
 *
 * @throws PlatformError email_invalid, input_invalid
 */
export function assertMessage({ to, subject }: Message): void {
  if (parseEmail(to).address !== to) throw new PlatformError('email_invalid');
  if (subject.length < 1 || subject.length > 200 || /[\p{Cc}\u2028\u2029]/u.test(subject)) {
    throw new PlatformError('input_invalid', { message: 'A subject is one line of 1 to 200 characters.' });
  }
}

/**
 * A name that somebody outside chose, for a message we send to somebody else: one line of at most 80 characters in which
 * no mail program finds an address to turn into a link. Otherwise an organisation called `Pay at evil.example` would make
 * this service the sender of its links.
 */
export function quotedName(name: string): string {
  const oneLine = name.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ').trim();
  const cut = Array.from(oneLine).slice(0, 80).join('');
  // A dot that is followed by something becomes a look-alike that makes no domain.
  const inert = cut
    .replaceAll(/\.(?=\S)/g, '\u2024')
    .replaceAll('://', ' ')
    .replaceAll('@', '\uff20');
  return `\u201c${inert}\u201d`;
}
