import type { Problem } from './problem.ts';

/** A problem for the reader: what happened, and what to do about it. */
export type Sentence = { title: string; advice?: string };

const sentences: Record<string, Sentence> = {
  unreachable: { title: 'The server cannot be reached.', advice: 'Check your connection. Nothing was changed; try again.' },
  unexpected: { title: 'Something failed in this page.', advice: 'Reload it. If it happens again, tell us what you did last.' },
  sign_in_required: { title: 'Your session has ended.', advice: 'Sign in again to go on.' },
  credentials_refused: { title: 'The email or the password is wrong.', advice: 'Check both and try again.' },
  locked_out: { title: 'Too many wrong passwords.', advice: 'Wait fifteen minutes, then try again.' },
  too_many_requests: { title: 'Too many requests.', advice: 'Wait a minute, then try again.' },
  password_refused: { title: 'This password is not acceptable.' },
  permission_denied: { title: 'Your role does not allow this.', advice: 'An owner or admin of the tenant can change your roles.' },
  tenant_required: { title: 'Choose a tenant first.' },
  tenant_refused: { title: 'You are not a member of this tenant.', advice: 'Choose another tenant at the top left.' },
  company_refused: { title: 'Your membership does not include this company.', advice: 'Choose another company at the top left.' },
  company_required: { title: 'This belongs to one company.', advice: 'Choose a company at the top left, then try again.' },
  not_found: { title: 'There is no such thing here, or you may not see it.', advice: 'It may belong to another company.' },
  already_exists: { title: 'Something with this name or number already exists.', advice: 'Choose another.' },
  still_referenced: { title: 'Something else still refers to this.', advice: 'Remove what refers to it first.' },
  reference_missing: { title: 'Something this refers to does not exist.', advice: 'It may have been removed meanwhile; reload the page.' },
  retry: { title: 'Another change came first.', advice: 'Reload to see it, then try again.' },
  invalid_input: { title: 'Some fields need another look.' },
  invalid_value: { title: 'A value breaks a rule of the books.' },
  period_closed: { title: 'The period is signed off.', advice: 'Nothing can be posted on or before its end. Choose a later date.' },
  last_owner: { title: 'A tenant keeps at least one owner.', advice: 'Make somebody else an owner first.' },
  role_refused: { title: 'You may not give or take this role.', advice: 'Only an owner can change owners.' },
  invite_refused: { title: 'This invite no longer works.', advice: 'It is spent, withdrawn, expired, or was sent to another address. Ask for a new one.' },
  payload_too_large: { title: 'The file is too large.', advice: 'Split it into smaller files.' },
  database_unavailable: { title: 'The database cannot be reached just now.', advice: 'Nothing was changed. Try again in a moment.' },
  internal: { title: 'The server failed.', advice: 'Nothing was changed. If it happens again, report the request id.' },
};

/** The sentence for a problem: by its code, else the server's own message, which is written for people too. */
export function sentenceFor(problem: Problem): Sentence {
  const known = sentences[problem.code];
  if (known !== undefined) {
    const advice = problem.reason ?? known.advice ?? detailOf(problem);
    return advice === undefined ? { title: known.title } : { title: known.title, advice };
  }
  if (problem.status >= 500) return sentences.internal ?? { title: problem.message };
  return { title: problem.message };
}

function detailOf(problem: Problem): string | undefined {
  if (problem.issues.length === 0) return undefined;
  return problem.issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}
