/** What went wrong, by what the caller can do about it. A transport maps each kind to one status. */
export type ErrorKind =
  | 'invalid' // the input is wrong: 400
  | 'unauthenticated' // nobody is signed in, or the credentials are wrong: 401
  | 'refused' // signed in, but not allowed: 403
  | 'missing' // no such thing in this tenant: 404
  | 'conflict' // contradicts what is stored: 409
  | 'busy'; // try again shortly: 503

const catalogue = {
  account_disabled: ['refused', 'This account is disabled. Ask the owner of your organisation.'],
  account_missing: ['missing', 'There is no such account.'],
  already_member: ['conflict', 'That person is already a member of this organisation.'],
  busy: ['busy', 'Too many sign-ins at this moment. Try again in a few seconds.'],
  client_exists: ['conflict', 'An application with that id, or for that resource, is registered already.'],
  client_invalid: ['invalid', 'One of the values of this application is not valid.'],
  client_missing: ['missing', 'There is no such application.'],
  company_exists: ['conflict', 'A company with that name exists already.'],
  company_missing: ['missing', 'There is no such company in this organisation.'],
  cursor_invalid: ['invalid', 'This page link is not valid any more. Start the list again.'],
  email_invalid: ['invalid', 'That is not an email address this service can deliver to.'],
  email_taken: ['conflict', 'An account with that email address exists already. Sign in instead.'],
  email_unverified: ['refused', 'Confirm your email address first.'],
  input_invalid: ['invalid', 'One of the values is not valid.'],
  invite_exists: ['conflict', 'That address has an open invite already. Revoke it to send another.'],
  invite_missing: ['missing', 'There is no such open invite in this organisation.'],
  invite_other_address: ['refused', 'This invite was sent to another email address.'],
  last_owner: ['conflict', 'An organisation needs an owner. Make somebody else an owner first.'],
  link_invalid: ['invalid', 'This link is not valid, was used already or has expired. Ask for a new one.'],
  member_missing: ['missing', 'There is no such member in this organisation.'],
  password_common: ['invalid', 'That password is too easy to guess. A few unrelated words make a good one.'],
  password_invalid: ['invalid', 'The password holds characters that cannot be used.'],
  password_long: ['invalid', 'A password has at most 256 characters.'],
  password_short: ['invalid', 'A password needs at least 15 characters.'],
  permission_refused: ['refused', 'Your role in this organisation does not allow this.'],
  role_invalid: ['invalid', 'That role, or that combination of roles and companies, does not exist.'],
  sign_in_refused: ['unauthenticated', 'The email address or the password is wrong.'],
  signed_out: ['unauthenticated', 'Sign in to continue.'],
  tenant_missing: ['missing', 'There is no such organisation.'],
} as const satisfies Record<string, readonly [ErrorKind, string]>;

/** Stable: part of the public interface; a client may switch on it. */
export type PlatformErrorCode = keyof typeof catalogue;

export type PlatformErrorOptions = {
  /** Replaces the code's own message. Shown to the user: no internal detail. */
  message?: string;
  /** The input field at fault, as the function's argument names it. */
  field?: string;
  /** For the log only. */
  cause?: unknown;
};

/** A refusal a user may see. `message` is for the user, `cause` for the log. */
export class PlatformError extends Error {
  readonly code: PlatformErrorCode;
  readonly kind: ErrorKind;
  readonly field: string | undefined;

  constructor(code: PlatformErrorCode, options: PlatformErrorOptions = {}) {
    super(options.message ?? catalogue[code][1], { cause: options.cause });
    this.name = 'PlatformError';
    this.code = code;
    this.kind = catalogue[code][0];
    this.field = options.field;
  }
}

/** Every code with its kind and standard message, for documents and for a transport's error map. */
export const platformErrors: Readonly<Record<PlatformErrorCode, { kind: ErrorKind; message: string }>> =
  Object.freeze(
    Object.fromEntries(
      Object.entries(catalogue).map(([code, [kind, message]]) => [code, { kind, message }]),
    ) as Record<PlatformErrorCode, { kind: ErrorKind; message: string }>,
  );

/**
 * The name of the database constraint an error reports, from a driver's error or from one that wraps it.
 * Rules written in SQL raise a standard SQLSTATE with a constraint name; slices translate by that name.
 */
export function constraintOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('constraint' in error && typeof error.constraint === 'string') return error.constraint;
  return 'cause' in error ? constraintOf(error.cause) : undefined;
}

/** Runs `work`; a database error that names one of `codes`' constraints becomes that PlatformError. */
export async function translating<Result>(
  codes: Readonly<Record<string, PlatformErrorCode>>,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const constraint = constraintOf(error);
    const code = constraint === undefined ? undefined : codes[constraint];
    if (code === undefined) throw error;
    throw new PlatformError(code, { cause: error });
  }
}
