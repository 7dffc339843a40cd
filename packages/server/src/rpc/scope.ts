import { apiKeyPrefix } from '@bulkhead/platform/access';
import { limitHeaders } from '@bulkhead/platform/edge';
import type { Verdict } from '@bulkhead/platform/edge';
import type { Session } from '@bulkhead/platform/identity';
import { readCookie } from '../http/cookie.ts';
import type { Authenticate } from '../session/authenticate.ts';
import type { PlacementHeaders } from '../session/placement.ts';

export type RequestScopeOptions = {
  id: string;
  ip: string;
  userAgent: string | undefined;
  placement: PlacementHeaders;
  /** Value of the session cookie. */
  token: string | undefined;
  /** The Authorization header. */
  authorization?: string | undefined;
  /** Value of the device cookie. */
  deviceToken?: string | undefined;
  /** The Cookie header, for cookies that single flows keep. */
  cookieHeader?: string | undefined;
  /** The other site whose page makes the request. */
  origin?: string | undefined;
  authenticate: Authenticate;
};

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
  readonly deviceToken: string | undefined;
  /** The API key it presents, unverified. */
  readonly apiKey: string | undefined;
  /** The other site whose page makes the request; undefined: a page of our own, or no page. */
  readonly origin: string | undefined;
  /** That site, once it is known that the tenant lets it read the answer. */
  allowedOrigin: string | undefined;
  /** `Set-Cookie` values to answer with. */
  readonly cookies: string[] = [];
  /** What the log line tells about the request. */
  readonly outcome: { tenant?: string; code?: string; procedure?: string } = {};
  readonly #cookieHeader: string | undefined;
  readonly #authorization: string | undefined;
  readonly #authenticate: Authenticate;
  readonly #options: RequestScopeOptions;
  /** The tightest word of each rate limit that counted the request. */
  readonly #limits = new Map<string, Verdict>();
  #session: Promise<Session | null> | undefined;
  #freshSession: Promise<Session | null> | undefined;

  constructor(options: RequestScopeOptions) {
    this.id = options.id;
    this.ip = options.ip;
    this.userAgent = options.userAgent;
    this.placement = options.placement;
    this.token = options.token;
    this.deviceToken = options.deviceToken;
    this.origin = options.origin;
    this.#cookieHeader = options.cookieHeader;
    this.#authorization = options.authorization;
    this.apiKey = presentedApiKey(options.authorization);
    this.#authenticate = options.authenticate;
    this.#options = options;
  }

  /** Remembers what a rate limit said, for the answer's headers. */
  noteLimit(verdict: Verdict): void {
    const { name } = verdict.limit;
    const known = this.#limits.get(name);
    if (known === undefined || verdict.remaining <= known.remaining) this.#limits.set(name, verdict);
  }

  /** `RateLimit`, `RateLimit-Policy` and `Retry-After`, where rate limits counted the request. */
  limitHeaders(): Record<string, string> {
    return limitHeaders([...this.#limits.values()]);
  }

  /** The value of a cookie that a flow keeps in the browser; one given twice counts as none. */
  cookie(name: string): string | undefined {
    return readCookie(this.#cookieHeader, name);
  }

  /**
   * The session of the request's credential, read on first use; null when it brings none.
   *
   * @throws PlatformError credentials_ambiguous, token_refused
   */
  session(): Promise<Session | null> {
    this.#session ??= this.#read({ fresh: false });
    return this.#session;
  }

  /** The same as the database has it now, whatever was cached: an ended session is seen at once. */
  freshSession(): Promise<Session | null> {
    if (this.#freshSession === undefined) {
      this.#freshSession = this.#read({ fresh: true });
      this.#session = this.#freshSession;
    }
    return this.#freshSession;
  }

  /** The same request with nothing read yet: for asking again, later, whether it may. */
  anew(): RequestScope {
    return new RequestScope(this.#options);
  }

  #read(options: { fresh: boolean }): Promise<Session | null> {
    const credentials = { from: this, cookie: this.token, authorization: this.#authorization };
    return this.#authenticate(credentials, options);
  }
}

/** A bearer token that looks like an API key; whether it is one, the database knows. */
function presentedApiKey(authorization: string | undefined): string | undefined {
  const token = /^bearer ([A-Za-z0-9_-]+)$/i.exec(authorization ?? '')?.[1];
  return token?.startsWith(apiKeyPrefix) === true ? token : undefined;
}
