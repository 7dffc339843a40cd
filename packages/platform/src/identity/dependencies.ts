import type { ClientBase, Pool } from 'pg';
import { Background } from '../background.ts';
import { systemClock, type Clock } from '../clock.ts';
import { systemRandomBytes, type RandomBytes } from '../random.ts';
import type { Sealer } from '../sealer.ts';
import type { FieldCipher } from '../vault/index.ts';
import { noBreachedPasswords, type BreachedPasswords } from './breachedPasswords.ts';
import { noNotices, type Notices } from './notices.ts';
import { PasswordHasher } from './passwordHasher.ts';
import { SessionCache } from './sessionCache.ts';
import type { AttemptAccount, SignInAttempt, SignInVerdict } from './signInRule.ts';

export type SessionLifetimes = {
  /** Milliseconds without use after which a session ends. Default 12 hours. */
  idle: number;
  /** Milliseconds after which it ends in any case. Default 14 days. */
  absolute: number;
};

const hour = 3_600_000;
export const defaultLifetimes: SessionLifetimes = { idle: 12 * hour, absolute: 14 * 24 * hour };

/** What the identity functions work with; one object for the life of a server. */
export type IdentityDependencies = {
  /** Connected as bulkhead_identity. Its creator listens for 'error'. */
  pool: Pool;
  sealer: Sealer;
  /** Encrypts what must be read again, e.g. the secret of one-time codes. */
  cipher: FieldCipher;
  clock: Clock;
  randomBytes: RandomBytes;
  passwords: PasswordHasher;
  sessions: SessionCache;
  lifetimes: SessionLifetimes;
  /** Words of the service's own that make a password guessable. Default ['bulkhead']. */
  productWords: readonly string[];
  /** Refuse a new password that was found in a breach. Default: nobody is asked. */
  breachedPasswords: BreachedPasswords;
  /** Judge every sign-in before its session starts, in this order. Default none. */
  signInRules: readonly SignInRule[];
  /** Default: nobody is told anything. */
  notices: Notices;
  /** What an answer must not wait for. Await its `settled` before the pool ends. */
  background: Background;
};

/** What a rule works with: the transaction in which the sign-in is decided. */
export type SignInDecision = { identity: IdentityDependencies; client: ClientBase; account: AttemptAccount };

/**
 * Judges a sign-in of any kind after its first proof and before its session. All rules are asked, in their order;
 * the first that does not allow decides.
 *
 * @throws PlatformError to refuse
 */
export type SignInRule = (attempt: SignInAttempt, decision: SignInDecision) => Promise<SignInVerdict>;

export type IdentityOptions = Pick<IdentityDependencies, 'pool' | 'sealer' | 'cipher'> &
  Partial<IdentityDependencies>;

/** Fills in the system's clock and randomness, OWASP's hashing cost and the default lifetimes. */
export function identityDependencies(options: IdentityOptions): IdentityDependencies {
  const clock = options.clock ?? systemClock;
  return {
    clock,
    randomBytes: systemRandomBytes,
    passwords: new PasswordHasher(),
    sessions: new SessionCache({ clock }),
    lifetimes: defaultLifetimes,
    productWords: ['bulkhead'],
    breachedPasswords: noBreachedPasswords,
    signInRules: [],
    notices: noNotices,
    background: new Background(),
    ...options,
  };
}
