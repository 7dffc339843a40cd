import type { Letter, Mailer } from '../../mail/index.ts';
import type { FactorNotice, LockNotice, NewDeviceNotice, Notices } from '../notices.ts';

/** Tells accounts by mail what happened to them; queued in the transaction of what happened. */
export function mailNotices(mailer: Mailer): Notices {
  return {
    signInFromNewDevice: (client, notice) =>
      mailer.post(client, { kind: 'new_device', letter: newDeviceLetter(mailer, notice) }),
    signInLocked: (client, notice) =>
      mailer.post(client, { kind: 'sign_in_locked', letter: lockLetter(mailer, notice) }),
    factorChanged: (client, notice) =>
      mailer.post(client, { kind: 'factor_changed', letter: factorLetter(mailer, notice) }),
  };
}

function newDeviceLetter(mailer: Mailer, { email, name, at, ip, userAgent }: NewDeviceNotice): Letter {
  return {
    to: email,
    name,
    subject: 'New sign-in to your account',
    paragraphs: [
      'Somebody signed in to your account from a device that was not seen before.',
      whereAndWhen({ at, ip, userAgent }),
    ],
    link: { label: 'This was not me: choose a new password', url: mailer.link('/forgot-password') },
    closing: ['If it was you, there is nothing to do.'],
  };
}

function lockLetter(mailer: Mailer, { email, name, at, until, ip }: LockNotice): Letter {
  return {
    to: email,
    name,
    subject: 'Sign-in to your account is paused',
    paragraphs: [
      `Too many sign-ins with a wrong password: nobody can sign in until ${readable(until)}, the right password or not. Sessions that are open go on.`,
      whereAndWhen({ at, ip, userAgent: undefined }),
    ],
    link: { label: 'Choose a new password', url: mailer.link('/forgot-password') },
    closing: [
      'Choosing a new password ends the pause at once. If it was not you, your password held; nothing else is needed.',
    ],
  };
}

const kinds = { totp: 'one-time codes', passkey: 'a passkey', recovery_code: 'recovery codes' } as const;
const changes = {
  add: (what: string) => `You can sign in with ${what} from now on.`,
  remove: (what: string) => `Signing in with ${what} was switched off.`,
  replace: (what: string) => `New ${what} took the place of the old ones.`,
  spend: () => 'A recovery code was used to sign in; it works no more.',
} as const;

function factorLetter(mailer: Mailer, notice: FactorNotice): Letter {
  const { email, name, change, kind, label } = notice;
  const what = `${kinds[kind]}${label === undefined ? '' : ` (\u201c${label}\u201d)`}`;
  return {
    to: email,
    name,
    subject: 'The way you sign in was changed',
    paragraphs: [changes[change](what), whereAndWhen(notice)],
    link: { label: 'See what your account is secured with', url: mailer.link('/security') },
    closing: ['If it was not you, choose a new password at once and remove what you do not know.'],
  };
}

/** What a browser calls itself is text from outside: one line, 120 characters at most. */
function whereAndWhen(happened: { at: Date; ip: string | undefined; userAgent: string | undefined }): string {
  const { at, ip, userAgent } = happened;
  const browser = userAgent
    ?.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ')
    .slice(0, 120)
    .toWellFormed();
  const parts = [
    `When: ${readable(at)}.`,
    ...(ip === undefined ? [] : [`Address: ${ip}.`]),
    ...(browser === undefined ? [] : [`Browser: ${browser}`]),
  ];
  return parts.join(' ');
}

function readable(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
