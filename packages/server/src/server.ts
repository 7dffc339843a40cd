import type { AddressInfo } from 'node:net';
import type { DestinationStream } from 'pino';
import { migrationLines } from './boot/lines.ts';
import { migrateAll } from './boot/migrate.ts';
import { createPools } from './boot/pools.ts';
import type { Pools } from './boot/pools.ts';
import { assertSound } from './boot/soundness.ts';
import { compose } from './compose.ts';
import { createCipher } from './boot/cipher.ts';
import type { Composition, ServerState } from './compose.ts';
import type { Config } from './config/schema.ts';
import { createDuties } from './duties/index.ts';
import type { Duties } from './duties/duty.ts';
import { createLog } from './http/log.ts';
import { ownOrigins, publicOrigin } from './http/origins.ts';
import { Connections } from './http/shutdown.ts';
import type { AttackEngine } from './isolation/attackEngine.ts';
import { createLimits } from './limits/parts.ts';
import { Metrics } from './metrics/metrics.ts';
import { createMailer, mailUnavailable } from './mail/mailing.ts';
import type { Module } from './module.ts';
import type { IdentityParts, Parts } from './parts.ts';
import { Secrets } from './secrets/secrets.ts';
import type { SingleSignOnOptions } from './singleSignOn/parts.ts';
import type { WebhookOptions } from './webhooks/out/parts.ts';
import { createTokenParts } from './token/parts.ts';
import { UsageCounter } from './usage/counter.ts';

/** A Bulkhead server: the platform with business modules mounted in it. */
export type Server = {
  /**
   * Migrates when configured to, checks that the database is sound, and listens.
   *
   * @throws {UnsoundDatabaseError} naming what makes serving unsafe
   */
  listen(): Promise<ServerAddress>;
  /**
   * Stops accepting, finishes what was accepted (at most `http.shutdownTimeout`), closes the
   * pools. A second call, or `force`, cuts off what is left.
   */
  close(options?: { force?: boolean }): Promise<void>;
  /** Where it listens; undefined while it does not. */
  readonly address: ServerAddress | undefined;
  /** Where it listens for the house's own services; undefined without `internal.port`. */
  readonly internalAddress: { host: string; port: number } | undefined;
  /** What ran and what was refused, since the start. */
  counters(): ServerCounters;
};

/** `url` is the origin people use, which a proxy in front may make another than host and port. */
export type ServerAddress = { host: string; port: number; url: string };

export type ServerCounters = ReturnType<Pools['tenants']['counters']> & {
  /** Batches refused for naming another tenant. */
  batchesRefused: number;
};

export type ServerOptions = {
  /** Where log lines go; default: standard output. */
  logStream?: DestinationStream;
  /** Milliseconds since the epoch; default: the system's clock. */
  clock?: () => number;
  /** Replaces parts of the identity slice, e.g. a cheaper password hash in a test. */
  identity?: IdentityParts;
  /** How single sign-on reaches the outside, e.g. a private server an embedder opens; default: through the guard, public servers alone. */
  singleSignOn?: SingleSignOnOptions | undefined;
  /** How webhooks reach tenants' servers, e.g. a private one an embedder opens; default: through the guard, public servers alone. */
  webhooks?: WebhookOptions | undefined;
  /** Attacks the server's own database, for the isolation page; absent: the page offers no attack. */
  attack?: AttackEngine | undefined;
};

/**
 * Composes a server. Nothing connects and nothing listens before `listen`.
 *
 * @throws {ContractError} when a procedure lacks a permission or contradicts another
 */
export function createServer(
  config: Config,
  modules: readonly Module[],
  options: ServerOptions = {},
): Server {
  const clock = options.clock ?? Date.now;
  const log = createLog({ level: config.log.level, stream: options.logStream });
  const secrets = new Secrets({ config, log });
  // Nobody could read it without the internal listener.
  const metrics = config.internal.port === undefined ? undefined : new Metrics({ clock });
  const pools = createPools(config, { log, clock, secrets });
  const cipher = createCipher(config.encryption);
  const { attack, identity = {}, singleSignOn, webhooks } = options;
  const state: ServerState = { draining: false, origins: new Set() };
  const origin = () => state.origins.values().next().value ?? publicOrigin(config.http, config.http.port);
  const mailer = createMailer({ config, cipher, clock, origin });
  const token = createTokenParts({ config, pools, cipher, clock, log, origin });
  if (mailer === undefined) log.warn(mailUnavailable);
  const parts: Parts = {
    config,
    modules,
    log,
    pools,
    secrets,
    cipher,
    clock,
    mailer,
    token,
    metrics,
    limits: createLimits({ config, pools, clock, log, metrics }),
    usage: pools.worker === undefined ? undefined : new UsageCounter({ clock }),
    identity,
    attack,
    singleSignOn,
    webhooks,
  };
  return new RunningServer(parts, { composition: compose(parts, state), state });
}

class RunningServer implements Server {
  readonly #parts: Parts;
  readonly #composition: Composition;
  readonly #state: ServerState;
  readonly #connections: Connections;
  readonly #duties: Duties;
  #address: ServerAddress | undefined;
  #internalAddress: { host: string; port: number } | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: Parts, { composition, state }: { composition: Composition; state: ServerState }) {
    this.#parts = parts;
    this.#composition = composition;
    this.#state = state;
    this.#connections = new Connections(composition.app.server);
    this.#duties = createDuties(parts);
  }

  get address(): ServerAddress | undefined {
    return this.#address;
  }

  get internalAddress(): { host: string; port: number } | undefined {
    return this.#internalAddress;
  }

  counters(): ServerCounters {
    return {
      ...this.#parts.pools.tenants.counters(),
      batchesRefused: this.#composition.batchGuard.refused,
    };
  }

  async listen(): Promise<ServerAddress> {
    const { config, modules, pools, log } = this.#parts;
    try {
      if (config.database.migrateAtBoot && config.database.ownerPassword !== undefined) {
        await migrateAll(config, modules);
      }
      await assertSound({
        app: pools.inspection,
        identity: pools.identity,
        lines: migrationLines(modules),
      });
      await this.#composition.prepare();
      await this.#composition.app.listen({ host: config.http.host, port: config.http.port });
      this.#internalAddress = await this.#composition.internal.listen();
    } catch (error) {
      await this.close({ force: true });
      throw error;
    }
    const { address: host, port } = this.#composition.app.server.address() as AddressInfo;
    const url = publicOrigin(config.http, port);
    this.#state.origins = ownOrigins(url);
    this.#address = { host, port, url };
    log.info({ event: 'listening', host, port, url });
    this.#duties.start();
    return this.#address;
  }

  async close({ force = false }: { force?: boolean } = {}): Promise<void> {
    if (force || this.#closing !== undefined) this.#connections.destroy();
    this.#closing ??= this.#end();
    await this.#closing;
  }

  async #end(): Promise<void> {
    const { config, log, pools } = this.#parts;
    this.#state.draining = true;
    const cut = await this.#connections.within(config.http.shutdownTimeout, () => this.#connections.stop());
    const { app, internal } = this.#composition;
    await Promise.all([app.close(), internal.close(), this.#duties.stop()]);
    await this.#parts.token.background.settled();
    this.#parts.limits?.close();
    await pools.close();
    this.#address = undefined;
    log.info({ event: 'closed', connectionsCut: cut });
  }
}
