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
  api_key_missing: ['missing', 'There is no such API key in this organisation.'],
  api_key_refused: ['unauthenticated', 'This API key is not valid, was revoked or has expired.'],
  api_key_unfit: ['refused', 'A person has to do this, signed in: an API key cannot.'],
  attempts_exhausted: ['refused', 'Too many wrong tries. Wait 15 minutes, then try again.'],
  billing_unavailable: ['busy', 'The payment service cannot be reached, or is not set up. Try again later.'],
  break_glass_unfit: [
    'conflict',
    'A break-glass account is an owner of the organisation and has a second factor.',
  ],
  busy: ['busy', 'Too many sign-ins at this moment. Try again in a few seconds.'],
  client_exists: ['conflict', 'An application with that id, or for that resource, is registered already.'],
  client_invalid: ['invalid', 'One of the values of this application is not valid.'],
  client_missing: ['missing', 'There is no such application.'],
  code_refused: ['unauthenticated', 'That code is wrong, was used already or has expired. Try the next one.'],
  company_exists: ['conflict', 'A company with that name exists already.'],
  company_missing: ['missing', 'There is no such company in this organisation.'],
  connection_invalid: ['invalid', 'The settings of this connection are not complete or not valid.'],
  connection_limit: [
    'conflict',
    'This organisation has as many connections as there can be. Remove one first.',
  ],
  connection_missing: ['missing', 'There is no such connection in this organisation.'],
  content_type_mismatch: ['invalid', 'The content of the file is of another type than it says.'],
  content_type_refused: ['invalid', 'Files of this type are not taken here.'],
  credentials_ambiguous: ['invalid', 'Send one credential: the session cookie or an Authorization header.'],
  cursor_invalid: ['invalid', 'This page link is not valid any more. Start the list again.'],
  delivery_missing: ['missing', 'There is no such delivery in this organisation, or it still waits.'],
  customer_missing: ['missing', 'This organisation has not bought anything yet.'],
  domain_exists: ['conflict', 'This organisation has named that domain already.'],
  domain_invalid: ['invalid', 'That is not the name of a domain.'],
  domain_limit: ['conflict', 'This organisation has named as many domains as it can. Remove one first.'],
  domain_missing: ['missing', 'There is no such domain in this organisation.'],
  domain_taken: [
    'conflict',
    'Another organisation has proved this domain, and its record is still there. Remove that record first.',
  ],
  domain_unproven: [
    'conflict',
    'The record was not found. A new record can take an hour to be seen everywhere.',
  ],
  email_invalid: ['invalid', 'That is not an email address this service can deliver to.'],
  email_taken: ['conflict', 'An account with that email address exists already. Sign in instead.'],
  email_unverified: ['refused', 'Confirm your email address first.'],
  endpoint_address_refused: ['invalid', 'That address cannot be used for a webhook endpoint.'],
  endpoint_disabled: ['conflict', 'This endpoint is switched off. Switch it on first.'],
  endpoint_limit: [
    'conflict',
    'This organisation has as many webhook endpoints as there can be. Remove one first.',
  ],
  endpoint_missing: ['missing', 'There is no such webhook endpoint in this organisation.'],
  entry_unproven: [
    'missing',
    'There is no such entry under a signed checkpoint yet. A new entry takes some seconds.',
  ],
  factor_limit: ['conflict', 'An account has at most 20 factors. Remove one you no longer use.'],
  factor_missing: ['missing', 'There is no such factor on your account, or it was not confirmed in time.'],
  factor_required: ['unauthenticated', 'Confirm with your second factor to finish signing in.'],
  input_invalid: ['invalid', 'One of the values is not valid.'],
  invite_exists: ['conflict', 'That address has an open invite already. Revoke it to send another.'],
  invite_missing: ['missing', 'There is no such open invite in this organisation.'],
  invite_other_address: ['refused', 'This invite was sent to another email address.'],
  last_owner: ['conflict', 'An organisation needs an owner. Make somebody else an owner first.'],
  link_invalid: ['invalid', 'This link is not valid, was used already or has expired. Ask for a new one.'],
  link_other_browser: [
    'refused',
    'Open this link in the browser in which you asked for it, or ask for a new one there.',
  ],
  mail_unavailable: ['busy', 'This service cannot send mail: it is not set up. Ask whoever runs it.'],
  member_missing: ['missing', 'There is no such member in this organisation.'],
  metadata_refused: ['invalid', 'This is not the metadata of one SAML 2.0 identity provider.'],
  metadata_unreachable: ['invalid', 'The metadata could not be fetched from that address.'],
  operator_entered: ['conflict', 'You are in this organisation already.'],
  operator_entry_missing: ['missing', 'There is no such stay of an operator in this organisation.'],
  origin_exists: ['conflict', 'This organisation allows that origin already.'],
  origin_limit: [
    'conflict',
    'This organisation allows 20 origins, as many as there can be. Take one back first.',
  ],
  origin_missing: ['missing', 'This organisation allows no such origin.'],
  passkey_exists: ['conflict', 'This passkey belongs to an account already.'],
  passkey_refused: [
    'unauthenticated',
    'This passkey could not be verified. Try again, or use another way to sign in.',
  ],
  passkey_unavailable: [
    'conflict',
    'Passkeys need a domain name, and this service is reached by an address.',
  ],
  password_breached: [
    'invalid',
    'That password was found in a breach of another service. Choose one that you use nowhere else.',
  ],
  password_common: ['invalid', 'That password is too easy to guess. A few unrelated words make a good one.'],
  password_invalid: ['invalid', 'The password holds characters that cannot be used.'],
  password_long: ['invalid', 'A password has at most 256 characters.'],
  password_needs_factor: [
    'conflict',
    'Your password is too short to stand alone. Choose one of at least 15 characters first.',
  ],
  password_required: ['refused', 'Enter the password you chose when you signed up.'],
  password_short: ['invalid', 'A password needs at least 15 characters.'],
  password_wrong: ['refused', 'That is not your password.'],
  permission_refused: ['refused', 'Your role in this organisation does not allow this.'],
  policy_without_way_in: [
    'conflict',
    'Single sign-on can be required once a connection is on and a domain is proved.',
  ],
  provider_domain_refused: [
    'refused',
    'Your organisation has not proved the domain of the address that its identity provider gave.',
  ],
  provider_email_unverified: [
    'refused',
    'The identity provider does not say that it checked your email address.',
  ],
  provider_link_exists: ['conflict', 'That identity is linked to an account already.'],
  provider_link_missing: ['missing', 'There is no such link.'],
  provider_link_required: [
    'refused',
    'An account with that address exists, and its address was never confirmed. Sign in, confirm it, and link the provider in your settings.',
  ],
  provider_missing: ['missing', 'There is no such identity provider.'],
  provider_no_account: [
    'refused',
    'There is no account for that address. Sign up or accept an invite first.',
  ],
  provider_refused: [
    'unauthenticated',
    'The identity provider did not sign you in, or its answer could not be trusted. Try again.',
  ],
  provider_unreachable: ['busy', 'The identity provider does not answer. Try again in a few minutes.'],
  quota_reached: [
    'conflict',
    'This organisation has as many of these as its tier allows. Remove one, or move to a larger tier.',
  ],
  role_invalid: ['invalid', 'That role, or that combination of roles and companies, does not exist.'],
  session_missing: ['missing', 'There is no such session of yours, or it has ended already.'],
  second_factor_required: [
    'refused',
    'This organisation asks for two factors. Add a passkey or an authenticator app, or sign in with yours.',
  ],
  sign_in_expired: ['unauthenticated', 'This sign-in took too long or was tried too often. Start again.'],
  sign_in_flow_expired: [
    'unauthenticated',
    'This sign-in was used, took too long, or began in another browser. Start it again.',
  ],
  sign_in_refused: ['unauthenticated', 'The email address or the password is wrong.'],
  signed_out: ['unauthenticated', 'Sign in to continue.'],
  single_sign_on_confined: [
    'refused',
    'You are signed in through your organisation’s identity provider, which does not reach your account itself. Sign in another way to change it.',
  ],
  single_sign_on_not_member: [
    'refused',
    'You are not a member of this organisation. Ask one of its owners for an invite.',
  ],
  single_sign_on_required: ['refused', 'Your organisation requires its own sign-in. Use single sign-on.'],
  source_limit: [
    'conflict',
    'This organisation has as many sources, or this source as many secrets, as there can be. Remove one first.',
  ],
  source_missing: ['missing', 'There is no such webhook source, or no such replaced secret of it.'],
  step_up_required: ['refused', 'Prove once more that it is you, then this goes through.'],
  stream_limit: ['busy', 'You have as many live views open as there can be. Close one.'],
  tenant_missing: ['missing', 'There is no such organisation.'],
  tier_missing: ['missing', 'There is no such tier.'],
  token_refused: ['unauthenticated', 'This token is not valid, or not any more. Get a new one.'],
  view_limit: ['conflict', 'You have kept 50 searches, as many as there can be. Remove one first.'],
  view_missing: ['missing', 'There is no such search.'],
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
  /** Members of the problem document beyond the common ones (RFC 9457 section 3.2). Shown to the user. */
  extensions?: Readonly<Record<string, unknown>>;
};

/** A refusal a user may see. `message` is for the user, `cause` for the log. */
export class PlatformError extends Error {
  readonly code: PlatformErrorCode;
  readonly kind: ErrorKind;
  readonly field: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: PlatformErrorCode, options: PlatformErrorOptions = {}) {
    super(options.message ?? catalogue[code][1], { cause: options.cause });
    this.name = 'PlatformError';
    this.code = code;
    this.kind = catalogue[code][0];
    this.field = options.field;
    this.extensions = options.extensions ?? {};
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
