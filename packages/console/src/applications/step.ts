/** What stands between a person and the application they came from, as the server says. */
export type Step =
  | { next: 'continue'; location: string }
  | { next: 'sign_in'; application: string }
  | { next: 'prove_again'; application: string; acceptable: string[] }
  | { next: 'choose'; application: string; organisations: { id: string; name: string }[] }
  | { next: 'expired' };

/**
 * Takes the next step of an application's sign-in.
 *
 * @param tenant the organisation that was chosen
 * @throws {StepFailure} in the form of a problem document
 */
export async function takeStep(interaction: string, tenant?: string): Promise<Step> {
  const answer = await fetch(`/oidc/interaction/${encodeURIComponent(interaction)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(tenant === undefined ? {} : { tenant }),
  });
  const body = (await answer.json()) as { code?: unknown; title?: unknown; requestId?: unknown };
  if (answer.ok) return body as Step;
  throw new StepFailure({
    code: String(body.code),
    status: answer.status,
    message: String(body.title),
    data: { requestId: body.requestId },
  });
}

/** A refusal, read as those of the typed client are. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly code: string;
  readonly status: number;
  readonly data: object;

  constructor(problem: { code: string; status: number; message: string; data: object }) {
    super(problem.message);
    this.code = problem.code;
    this.status = problem.status;
    this.data = problem.data;
  }
}

/** Asks for a fresh proof as a refused call does. */
export function proofWanted(acceptable: readonly string[]): StepFailure {
  return new StepFailure({
    code: 'STEP_UP_REQUIRED',
    status: 403,
    message: 'Prove once more that it is you.',
    data: { acceptable },
  });
}

/** Only the provider's own addresses: whatever else an answer might say, the page does not go there. */
export function isProviderPath(location: string): boolean {
  return /^\/oidc\/authorize\/[A-Za-z0-9_-]+$/.test(location);
}
