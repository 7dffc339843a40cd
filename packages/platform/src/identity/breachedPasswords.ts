import { createHash } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { guardedFetch, type OutboundOptions } from '../outbound/index.ts';

/** Knows passwords that were found in breaches of other services. */
export type BreachedPasswords = {
  /**
   * Never rejects: where nobody can be asked, the password is judged without.
   *
   * @param password in the form that is hashed
   */
  isBreached(password: string): Promise<boolean>;
};

/** Nobody is asked. */
export const noBreachedPasswords: BreachedPasswords = { isBreached: () => Promise.resolve(false) };

/** Passwords that were judged without the service, since this was last told. */
export type UnaskedPasswords = { passwords: number; error: unknown };

export type PasswordRangesOptions = {
  /** Address of the ranges, without the prefix, e.g. `https://api.pwnedpasswords.com/range`. */
  url: string;
  clock: Clock;
  /** How the service is reached. Default: over https, on public addresses, and within two seconds. */
  outbound?: OutboundOptions;
  /** Told at most once a minute. Default: told to nobody. */
  onUnasked?: (unasked: UnaskedPasswords) => void;
};

const minute = 60_000;
/** Milliseconds for which a range is remembered: for somebody who tries the same password again. */
const remembered = 10 * minute;
const mostRemembered = 32;
const mostUnderWay = 16;
const patience = 2000;
/** A padded range has about a thousand lines of up to fifty bytes. */
const mostBytes = 256 * 1024;

const rangeForm = /^[0-9A-F]{35}:\d{1,12}(?:\r?\n[0-9A-F]{35}:\d{1,12})*\r?\n?$/;

type Range = { at: number; text: Promise<string> };

/**
 * Asks a service that speaks as Pwned Passwords does (https://haveibeenpwned.com/API/v3#PwnedPasswords): it is told the
 * first five of forty hexadecimal digits of the password's SHA-1, which some thousand passwords share, and answers with
 * the rest of each; padded, so that the length of its answer tells nothing either.
 */
export class PasswordRanges implements BreachedPasswords {
  readonly #options: PasswordRangesOptions;
  readonly #ranges = new Map<string, Range>();
  #underWay = 0;
  #unasked = 0;
  #toldAt = -Infinity;

  constructor(options: PasswordRangesOptions) {
    this.#options = options;
  }

  async isBreached(password: string): Promise<boolean> {
    const digest = createHash('sha1').update(password, 'utf8').digest('hex').toUpperCase();
    const [prefix, suffix] = [digest.slice(0, 5), digest.slice(5)];
    try {
      const range = await this.#range(prefix);
      // Padding looks like any other line, but with a count of nought.
      return new RegExp(`^${suffix}:0*[1-9]`, 'm').test(range);
    } catch (error) {
      this.#ranges.delete(prefix);
      this.#tell(error);
      return false;
    }
  }

  #range(prefix: string): Promise<string> {
    const now = this.#options.clock();
    const known = this.#ranges.get(prefix);
    if (known !== undefined && now - known.at < remembered) return known.text;
    const text = this.#ask(prefix);
    this.#ranges.delete(prefix);
    this.#ranges.set(prefix, { at: now, text });
    const [oldest] = this.#ranges.keys();
    if (this.#ranges.size > mostRemembered && oldest !== undefined) this.#ranges.delete(oldest);
    return text;
  }

  async #ask(prefix: string): Promise<string> {
    if (this.#underWay >= mostUnderWay) throw new Error(`${mostUnderWay} ranges are being asked for already`);
    const { url, outbound = {} } = this.#options;
    this.#underWay += 1;
    try {
      const answer = await guardedFetch(`${url}/${prefix}`, {
        ...outbound,
        headers: { accept: 'text/plain', 'add-padding': 'true', 'user-agent': 'Bulkhead' },
        redirect: 'error',
        maxBytes: mostBytes,
        timeouts: { total: patience, ...outbound.timeouts },
      });
      const text = await answer.text();
      if (answer.status !== 200 || !rangeForm.test(text)) {
        throw new Error(
          `no range of passwords came, but status ${answer.status} and ${text.length} characters`,
        );
      }
      return text;
    } finally {
      this.#underWay -= 1;
    }
  }

  #tell(error: unknown): void {
    this.#unasked += 1;
    const now = this.#options.clock();
    if (now - this.#toldAt < minute) return;
    this.#options.onUnasked?.({ passwords: this.#unasked, error });
    this.#toldAt = now;
    this.#unasked = 0;
  }
}
