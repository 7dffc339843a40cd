import type { Problem } from './problem.ts';

/** A problem for the reader: what happened, and what to do about it. */
export type Sentence = { title: string; advice?: string };

/** Codes that the console can say more about than the server, because it knows where the reader is. */
const sentences: Record<string, Sentence> = {
  unreachable: {
    title: 'The server cannot be reached.',
    advice: 'Check your connection. Nothing was changed; try again.',
  },
  unexpected: {
    title: 'Something failed in this page.',
    advice: 'Reload it. If it happens again, tell us what you did last.',
  },
  signed_out: { title: 'Your session has ended.', advice: 'Sign in again to go on.' },
  sign_in_refused: { title: 'The email or the password is wrong.', advice: 'Check both and try again.' },
  code_refused: {
    title: 'That code does not work.',
    advice: 'It was mistyped, used already or has expired. Wait for the next one, then try again.',
  },
  sign_in_expired: {
    title: 'This sign-in took too long or was tried too often.',
    advice: 'Start again.',
  },
  attempts_exhausted: { title: 'Too many wrong tries.', advice: 'Wait 15 minutes, then try again.' },
  second_factor_required: {
    title: 'This organisation asks for two factors.',
    advice: 'Add a passkey or an authenticator app to your account, then go on.',
  },
  step_up_required: {
    title: 'This needs a fresh proof that it is you.',
    advice: 'Nothing was changed. Repeat it and confirm when asked.',
  },
  passkey_refused: {
    title: 'This passkey could not be verified.',
    advice: 'It may have been removed from your account. Try again, or use another way.',
  },
  passkey_cancelled: {
    title: 'No passkey was used.',
    advice: 'It was cancelled or took too long. Try again when you are ready.',
  },
  passkey_known: {
    title: 'This device holds a passkey of your account already.',
    advice: 'Use that one, or add one on another device.',
  },
  passkey_elsewhere: {
    title: 'Passkeys do not work at this address.',
    advice: 'Open the console under its own name: on this machine, localhost in place of the numbers.',
  },
  passkey_unsupported: {
    title: 'This device or browser could not do that with a passkey.',
    advice: 'Try another device, or use an authenticator app.',
  },
  too_many_requests: { title: 'Too many requests.', advice: 'Wait a minute, then try again.' },
  permission_refused: {
    title: 'Your role does not allow this.',
    advice: 'An owner or admin of the organisation can change your roles.',
  },
  tenant_required: { title: 'Choose a tenant first.', advice: 'The choice is above the navigation.' },
  tenant_refused: {
    title: 'You are not a member of this tenant.',
    advice: 'Choose another one above the navigation.',
  },
  company_refused: {
    title: 'Your membership does not include this company.',
    advice: 'Choose another one above the navigation.',
  },
  company_required: {
    title: 'This belongs to one company.',
    advice: 'Choose it above the navigation, then try again.',
  },
  not_found: {
    title: 'There is no such thing here, or you may not see it.',
    advice: 'It may belong to another company.',
  },
  already_exists: { title: 'Something with this name or number already exists.', advice: 'Choose another.' },
  still_referenced: {
    title: 'Something else still refers to this.',
    advice: 'Remove what refers to it first.',
  },
  reference_missing: {
    title: 'Something this refers to does not exist.',
    advice: 'It may have been removed meanwhile; reload the page.',
  },
  retry: { title: 'Another change came first.', advice: 'Try again.' },
  invalid_input: { title: 'Some fields need another look.' },
  invalid_value: { title: 'A value breaks a rule of the data.' },
  period_closed: {
    title: 'The period is signed off.',
    advice: 'Nothing is posted on or before its end. Choose a later date.',
  },
  period_not_over: { title: 'The period is not over yet.', advice: 'Sign it off after its last day.' },
  invoice_empty: {
    title: 'An invoice over nothing cannot be submitted.',
    advice: 'Edit the draft and add a line with an amount.',
  },
  file_not_utf8: {
    title: 'The file is not in UTF-8.',
    advice: 'Save it again as "CSV UTF-8" in your spreadsheet.',
  },
  body_too_large: { title: 'The file is too large.', advice: 'Split it into smaller files.' },
  timeout: { title: 'The database took too long.', advice: 'Nothing was changed. Try again in a moment.' },
  database_unavailable: {
    title: 'The database cannot be reached just now.',
    advice: 'Nothing was changed. Try again in a moment.',
  },
  overloaded: { title: 'The server is busy.', advice: 'Nothing was changed. Try again in a moment.' },
  internal: { title: 'The server failed.', advice: 'If it happens again, report it with the request id.' },
};

/**
 * The sentence for a problem: by its code, else the server's own message, which is written for people too.
 * The advice is the most precise one there is: of the rule that refused, of the fields, of the code.
 */
export function sentenceFor(problem: Problem): Sentence {
  const known = sentences[problem.code];
  const title = known?.title ?? (problem.message === '' ? 'The server refused this.' : problem.message);
  const advice = problem.detail ?? fieldAdvice(problem, title) ?? known?.advice;
  return advice === undefined ? { title } : { title, advice };
}

function fieldAdvice({ issues }: Problem, title: string): string | undefined {
  const told = issues.filter(({ message }) => message !== title);
  if (told.length === 0) return undefined;
  return told.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}
