import type { Session } from '@bulkhead/platform/identity';
import type { PlacementHeaders } from '../session/placement.ts';

/** Looks a session up by the token of its cookie; null when there is none. */
export type ReadSession = (token: string) => Promise<Session | null>;

/**
 * One HTTP request, as far as procedures are concerned. The members of a batch share it, so that
 * the session is read once and no member can bring another identity.
 */
export class RequestScope {
  readonly id: string;
  readonly ip: string;
  readonly userAgent: string | undefined;
  readonly placement: PlacementHeaders;
  readonly token: string | undefined;
  /** `Set-Cookie` values to answer with. */
  readonly cookies: string[] = [];
  /** What the log line tells about the request. */
  readonly outcome: { tenant?: string; code?: string; procedure?: string } = {};
  readonly #readSession: ReadSession;
  #session: Promise<Session | null> | undefined;

  constructor(options: {
    id: string;
    ip: string;
    userAgent: string | undefined;
    placement: PlacementHeaders;
    token: string | undefined;
    readSession: ReadSession;
  }) {
    this.id = options.id;
    this.ip = options.ip;
    this.userAgent = options.userAgent;
    this.placement = options.placement;
    this.token = options.token;
    this.#readSession = options.readSession;
  }

  /** The session of the cookie, read on first use. */
  session(): Promise<Session | null> {
    this.#session ??= this.token === undefined ? Promise.resolve(null) : this.#readSession(this.token);
    return this.#session;
  }
}
