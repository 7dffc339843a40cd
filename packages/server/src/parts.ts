import type { IdentityDependencies } from '@bulkhead/platform/identity';
import type { Mailer } from '@bulkhead/platform/mail';
import type { FieldCipher } from '@bulkhead/platform/vault';
import type { Pools } from './boot/pools.ts';
import type { Config } from './config/schema.ts';
import type { Log } from './http/log.ts';
import type { Limits } from './limits/parts.ts';
import type { AttackEngine } from './isolation/attackEngine.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Module } from './module.ts';
import type { Secrets } from './secrets/secrets.ts';
import type { SingleSignOnOptions } from './singleSignOn/parts.ts';
import type { WebhookOptions } from './webhooks/out/parts.ts';
import type { TokenParts } from './token/parts.ts';
import type { UsageCounter } from './usage/counter.ts';

/** Parts of the identity slice that an embedder may replace, e.g. a cheaper hash in a test. */
export type IdentityParts = Partial<
  Pick<IdentityDependencies, 'passwords' | 'lifetimes' | 'productWords' | 'breachedPasswords'>
>;

/** What a server is composed of. */
export type Parts = {
  config: Config;
  modules: readonly Module[];
  log: Log;
  pools: Pools;
  /** Encrypts single fields under the installation's key. */
  cipher: FieldCipher;
  clock: () => number;
  secrets: Secrets;
  /** What is counted for the internal listener; undefined: nothing is. */
  metrics?: Metrics | undefined;
  /** Writes letters; undefined: this server has no mail. */
  mailer: Mailer | undefined;
  token: TokenParts;
  identity: IdentityParts;
  /** How single sign-on reaches the outside; default: as configured, through the guard. */
  singleSignOn?: SingleSignOnOptions | undefined;
  /** How webhooks reach tenants' servers; default: through the guard, public servers alone. */
  webhooks?: WebhookOptions | undefined;
  /** How many requests a caller may send; undefined: any number. */
  limits?: Limits | undefined;
  /** Counts what tenants use; undefined: this server has no worker to write it. */
  usage?: UsageCounter | undefined;
  /** Attacks the server's own database for the isolation page. */
  attack?: AttackEngine | undefined;
};
