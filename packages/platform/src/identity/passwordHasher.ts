import { hash as argon2Hash, parseOptions, verify as argon2Verify } from '@node-rs/argon2';
import { verify as bcryptVerify } from '@node-rs/bcrypt';
import { PlatformError } from '../errors.ts';

export type PasswordCost = {
  /** KiB. Default 19456. */
  memoryCost: number;
  /** Passes. Default 2. */
  timeCost: number;
  /** Threads. Default 1. */
  parallelism: number;
};

/** OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane. */
export const owaspCost: PasswordCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export type PasswordHasherOptions = {
  cost?: PasswordCost;
  /** Hashes computed at once; each takes `memoryCost`. 1 to 64, default 4: Node's own thread pool has four threads. */
  concurrency?: number;
  /** Hashes that may wait beyond those. The next is refused with `busy`. Default 64. */
  queue?: number;
};

export type Verification = {
  matches: boolean;
  /** The password matched and its hash is weaker than today's: store a new one. */
  upgradable: boolean;
};

/** Hashes and verifies passwords, never more than a set number at once: a flood waits, then is refused. */
export class PasswordHasher {
  readonly #cost: PasswordCost;
  readonly #concurrency: number;
  readonly #queue: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #dummy: Promise<string> | undefined;

  constructor(options: PasswordHasherOptions = {}) {
    this.#cost = options.cost ?? owaspCost;
    this.#concurrency = options.concurrency ?? 4;
    this.#queue = options.queue ?? 64;
  }

  /**
   * @param password already normalised
   * @returns Argon2id in PHC string form
   * @throws PlatformError busy
   */
  async hash(password: string): Promise<string> {
    return this.#bounded(() => argon2Hash(password, this.#cost));
  }

  /**
   * Compares `typed` with a stored hash; with no hash at all it does the same work and answers no, so that time does
   * not tell which accounts exist.
   *
   * @param typed as typed: Argon2id compares its NFKC form; bcrypt, whose hashes come from elsewhere, either form
   * @throws PlatformError busy
   */
  async verify(typed: string, stored: string | undefined): Promise<Verification> {
    return this.#bounded(async () => {
      if (stored?.startsWith('$2') === true) return verifyBcrypt(typed, stored);
      const against = stored ?? (await this.#dummyHash());
      const matches = (await argon2Verify(against, typed.normalize('NFKC'))) && stored !== undefined;
      return { matches, upgradable: matches && this.#isWeaker(against) };
    });
  }

  #isWeaker(stored: string): boolean {
    const { memoryCost, timeCost } = parseOptions(stored);
    return memoryCost < this.#cost.memoryCost || timeCost < this.#cost.timeCost;
  }

  #dummyHash(): Promise<string> {
    this.#dummy ??= argon2Hash('no account has this password', this.#cost);
    return this.#dummy;
  }

  async #bounded<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#concurrency) {
      if (this.#waiting.length >= this.#queue) throw new PlatformError('busy');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      return await work();
    } finally {
      // The slot passes straight to the next in line, so a newcomer cannot overtake it.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

const bcryptBytes = 72;

// bcrypt reads 72 bytes, and many implementations stop at a NUL. A password with NUL never matches. A longer one is
// accepted as the system it came from did, by its first 72 bytes, but not upgraded: the rest of what was typed may
// be a slip, and would become part of the password.
async function verifyBcrypt(typed: string, stored: string): Promise<Verification> {
  if (typed.includes('\0')) return { matches: false, upgradable: false };
  for (const candidate of new Set([typed, typed.normalize('NFKC')])) {
    if (await bcryptVerify(candidate, stored)) {
      return { matches: true, upgradable: Buffer.byteLength(candidate) <= bcryptBytes };
    }
  }
  return { matches: false, upgradable: false };
}
