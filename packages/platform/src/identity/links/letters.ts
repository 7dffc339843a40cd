import { quotedName, type Letter, type Mailer } from '../../mail/index.ts';

type To = { email: string; name?: string | undefined };

const notYou = 'If you did not ask for this, do nothing: without the link nothing happens.';

/** The letters that bring links, and those that tell what links have done. */
export function confirmSignUpLetter(mailer: Mailer, to: To, token: string): Letter {
  return {
    to: to.email,
    subject: `Confirm your ${mailer.product} account`,
    paragraphs: [
      `Somebody, we hope you, signed up for ${mailer.product} with this address. Open the link to confirm it.`,
    ],
    link: { label: 'Confirm the sign-up', url: mailer.link('/confirm-sign-up', token) },
    closing: ['The link works once, for one day.', notYou],
  };
}

export function alreadySignedUpLetter(mailer: Mailer, { email, name }: To): Letter {
  return {
    to: email,
    name,
    subject: `You have a ${mailer.product} account already`,
    paragraphs: [
      `Somebody tried to sign up for ${mailer.product} with this address, which has an account already. No second one was made.`,
      'If it was you, sign in. If you have forgotten the password, ask for a link to choose another there.',
    ],
    link: { label: 'Sign in', url: mailer.link('/sign-in') },
    closing: ['If it was not you, there is nothing to do.'],
  };
}

export function passwordResetLetter(mailer: Mailer, { email, name }: To, token: string): Letter {
  return {
    to: email,
    name,
    subject: 'Choose a new password',
    paragraphs: ['Somebody asked for a link to choose a new password for your account.'],
    link: { label: 'Choose a new password', url: mailer.link('/reset-password', token) },
    closing: ['The link works once, for one hour. Using it signs you out everywhere.', notYou],
  };
}

export function magicLinkLetter(mailer: Mailer, { email, name }: To, token: string): Letter {
  return {
    to: email,
    name,
    subject: `Your link to sign in to ${mailer.product}`,
    paragraphs: ['Open this link in the browser in which you asked for it.'],
    link: { label: 'Sign in', url: mailer.link('/magic-link', token) },
    closing: ['The link works once, for ten minutes, and in that browser only.', notYou],
  };
}

export function verifyEmailLetter(mailer: Mailer, { email, name }: To, token: string): Letter {
  return {
    to: email,
    name,
    subject: 'Confirm your email address',
    paragraphs: ['Open the link to confirm that this address is yours.'],
    link: { label: 'Confirm the address', url: mailer.link('/verify-email', token) },
    closing: ['The link works once, for one day.', notYou],
  };
}

export function emailChangeLetter(mailer: Mailer, { email, name }: To, token: string): Letter {
  return {
    to: email,
    name,
    subject: 'Confirm your new email address',
    paragraphs: [
      'You asked to use this address for your account from now on. Open the link while you are signed in.',
    ],
    link: { label: 'Use this address', url: mailer.link('/confirm-email', token) },
    closing: ['The link works once, for one hour.', notYou],
  };
}

/** To the owner of an address that somebody else's account wanted. */
export function addressInUseLetter(mailer: Mailer, { email, name }: To): Letter {
  return {
    to: email,
    name,
    subject: 'This address stays with your account',
    paragraphs: [
      `Somebody asked to use this address for another ${mailer.product} account. It is yours already, so nothing was changed.`,
      'If it was you: sign in with this address, or change the address of this account first.',
    ],
    link: { label: 'Sign in', url: mailer.link('/sign-in') },
  };
}

/** To the address that an account no longer has. */
export function emailChangedLetter(mailer: Mailer, to: To & { newEmail: string }, token: string): Letter {
  return {
    to: to.email,
    name: to.name,
    subject: 'Your email address was changed',
    paragraphs: [
      `Your account’s address is ${to.newEmail} from now on. Mail goes there, and you sign in with it.`,
    ],
    link: { label: 'This was not me: undo it', url: mailer.link('/undo-email-change', token) },
    closing: [
      'For seven days, the link brings this address back, lets you choose a new password and signs out everybody else.',
    ],
  };
}

export function passwordChangedLetter(mailer: Mailer, { email, name }: To): Letter {
  return {
    to: email,
    name,
    subject: 'Your password was changed',
    paragraphs: ['The password of your account was changed, and other sessions were signed out.'],
    link: { label: 'This was not me: choose another', url: mailer.link('/forgot-password') },
    closing: ['If it was you, there is nothing to do.'],
  };
}

export function inviteLetter(
  mailer: Mailer,
  {
    to,
    tenantName,
    inviterName,
    token,
  }: { to: string; tenantName: string; inviterName: string; token: string },
): Letter {
  return {
    to,
    subject: `You are invited to ${mailer.product}`,
    paragraphs: [`${quotedName(inviterName)} invites you to the organisation ${quotedName(tenantName)}.`],
    link: { label: 'See the invite', url: mailer.link('/accept-invite', token) },
    closing: [
      'The invite is for this address alone and good for seven days.',
      'If you do not know them, do nothing.',
    ],
  };
}
