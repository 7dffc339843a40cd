import { extensionOf, readProblem } from '../problems/problem.ts';

/** How a session may be proved anew; `sign_in`: by nothing but signing in again. */
export type Way = 'password' | 'totp' | 'passkey' | 'recovery_code' | 'sign_in';

export type Asked = {
  ways: Way[];
  /** `true`: proved, the refused call goes through now. `false`: the person would rather not. */
  settle: (proved: boolean) => void;
};

/**
 * Where calls that were refused for want of a fresh proof wait for one. Calls refused together wait for the same proof,
 * so that a page asks once.
 */
export class StepUpDesk {
  readonly #listeners = new Set<() => void>();
  #asked: Asked | null = null;
  #proving: Promise<boolean> | null = null;

  /** For `useSyncExternalStore`. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** What is being asked at present. */
  readonly current = (): Asked | null => this.#asked;

  /** Runs a call; refused with `step_up_required`, it asks for a proof and then runs once more. */
  async through<Output>(call: () => Promise<Output>): Promise<Output> {
    try {
      return await call();
    } catch (error) {
      if (readProblem(error).code !== 'step_up_required') throw error;
      if (!(await this.#prove(waysOf(error)))) throw error;
      return call();
    }
  }

  #prove(ways: Way[]): Promise<boolean> {
    this.#proving ??= new Promise<boolean>((resolve) => {
      this.#show({ ways, settle: resolve });
    }).finally(() => {
      this.#proving = null;
      this.#show(null);
    });
    return this.#proving;
  }

  #show(asked: Asked | null): void {
    this.#asked = asked;
    for (const listener of this.#listeners) listener();
  }
}

const known: readonly Way[] = ['password', 'totp', 'passkey', 'recovery_code', 'sign_in'];

/** The ways an error names that this console knows; of none it knows, signing in again is left. */
function waysOf(error: unknown): Way[] {
  const named = extensionOf(error, 'acceptable');
  const ways = known.filter((way) => Array.isArray(named) && named.includes(way));
  return ways.length === 0 ? ['sign_in'] : ways;
}
