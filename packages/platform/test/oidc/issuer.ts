import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, SignJWT, decodeJwt, type JWTPayload } from 'jose';
import { Provider, type Configuration } from 'oidc-provider';
import { guardedFetch, type OutboundOptions } from '../../src/outbound/index.ts';
import { openSecureServer } from '../secureServer.ts';

/** A person at the issuer. `sub` is how it names them. */
export type IssuerPerson = Record<string, unknown> & { sub: string };

/** What the issuer does wrong, until it is reset. */
export type Misbehaviour = {
  /** Changes the ID token's claims before it is signed anew; undefined removes one. */
  claims?: (claims: JWTPayload) => JWTPayload;
  /** `none`: unsigned. `other`: signed with a key that is not published. `HS256`: with the client's secret. */
  signature?: 'none' | 'other' | 'HS256';
  /** Changes a JSON answer: of `/token`, `/me`, `/.well-known/openid-configuration`, `/jwks`. */
  answer?: Record<string, (body: Record<string, unknown>) => unknown>;
  /** Answers anything instead. */
  instead?: (request: IncomingMessage, response: ServerResponse) => boolean;
};

export type Issuer = {
  url: string;
  clientId: string;
  secret: string;
  /** Who signs in next. */
  person: IssuerPerson;
  misbehave: (how: Misbehaviour) => void;
  requests: string[];
  /** How to reach it through the guard. */
  outbound: OutboundOptions;
  /** Follows an authorization address as a browser does, to the redirect back. */
  visit: (authorization: string) => Promise<URL>;
  close: () => Promise<void>;
};

/**
 * oidc-provider as somebody else's issuer, over TLS, signing in whoever `person` says without asking.
 *
 * @param options.redirects addresses registered for the client, exactly
 */
export async function openIssuer(options: {
  name?: string;
  redirects: string[];
  /** Claims stand in the ID token; else at userinfo alone. */
  claimsInToken?: boolean;
}): Promise<Issuer> {
  const { name = 'login.keel.example', redirects } = options;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const other = await generateKeyPair('RS256');
  const jwk = { ...(await exportJWK(privateKey)), kid: 'issuer-1', alg: 'RS256', use: 'sig' };
  const secret = randomBytes(24).toString('base64url');
  let how: Misbehaviour = {};
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const requests: string[] = [];
  const server = await openSecureServer(name, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (how.instead?.(request, response) === true) return;
    handle(request, response);
  });
  const url = `https://${name}:${server.port}`;
  const issuer: Issuer = {
    url,
    clientId: 'bulkhead-client',
    secret,
    person: { sub: 'subject-1' },
    misbehave: (wrong) => {
      how = wrong;
    },
    requests,
    outbound: {
      resolve: () => Promise.resolve(['127.0.0.1']),
      privateTargets: [{ range: '127.0.0.1/32', ports: [server.port] }],
      authorities: [server.certificate],
      timeouts: { total: 2000 },
    },
    visit: (authorization) => visit(issuer, authorization),
    close: server.close,
  };
  const settings = { redirects, jwk, claimsInToken: options.claimsInToken ?? true };
  const provider = new Provider(url, configuration(issuer, settings));
  provider.on('server_error', () => {});
  const keys = { own: privateKey, other: other.privateKey, secret };
  handle = answering(provider, { issuer, keys, wrong: () => how });
  return issuer;
}

type Keys = { own: CryptoKey; other: CryptoKey; secret: string };
type Answering = { issuer: Issuer; keys: Keys; wrong: () => Misbehaviour };

/** The provider, which signs in whoever is next, and its answers as the misbehaviour wants them. */
function answering(provider: Provider, { issuer, keys, wrong }: Answering) {
  const answer = provider.callback();
  const change = async (path: string, text: string): Promise<string> => {
    const how = wrong();
    let body = JSON.parse(text) as Record<string, unknown>;
    if (typeof body['id_token'] === 'string' && (how.claims !== undefined || how.signature !== undefined)) {
      const claims = decodeJwt(body['id_token']);
      body = { ...body, id_token: await signAnew(how.claims?.(claims) ?? claims, how.signature, keys) };
    }
    return JSON.stringify(how.answer?.[path]?.(body) ?? body);
  };
  return (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname } = new URL(request.url ?? '/', issuer.url);
    if (pathname.startsWith('/interaction/')) {
      const login = { login: { accountId: issuer.person.sub } };
      void provider.interactionFinished(request, response, login, { mergeWithLastSubmission: false });
      return;
    }
    intercept(response, (text) => change(pathname, text));
    void answer(request, response);
  };
}

async function signAnew(
  claims: JWTPayload,
  signature: Misbehaviour['signature'],
  keys: Keys,
): Promise<string> {
  if (signature === 'none') {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return `${part({ alg: 'none' })}.${part(claims)}.`;
  }
  if (signature === 'HS256') {
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(keys.secret));
  }
  const key = signature === 'other' ? keys.other : keys.own;
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'issuer-1' }).sign(key);
}

/** Lets JSON answers be changed on their way out. */
function intercept(response: ServerResponse, change: (text: string) => Promise<string>): void {
  const end = response.end.bind(response) as (chunk?: unknown) => ServerResponse;
  response.end = ((chunk?: unknown) => {
    const isJson = String(response.getHeader('content-type') ?? '').includes('json');
    if (!isJson || response.statusCode !== 200 || (typeof chunk !== 'string' && !Buffer.isBuffer(chunk)))
      return end(chunk);
    void change(chunk.toString()).then((text) => {
      response.setHeader('content-length', Buffer.byteLength(text));
      end(text);
    });
    return response;
  }) as typeof response.end;
}

function configuration(
  issuer: Issuer,
  { redirects, jwk, claimsInToken }: { redirects: string[]; jwk: object; claimsInToken: boolean },
): Configuration {
  return {
    clients: [
      {
        client_id: issuer.clientId,
        client_secret: issuer.secret,
        redirect_uris: redirects,
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    jwks: { keys: [jwk] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    conformIdTokenClaims: !claimsInToken,
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'groups'],
      acr: null,
      amr: null,
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => Promise.resolve(issuer.person),
    }),
    loadExistingGrant: async (context) => {
      const { provider, client, session } = context.oidc;
      const grant = new provider.Grant({
        clientId: client?.clientId ?? '',
        accountId: session?.accountId ?? '',
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  };
}

async function visit(issuer: Issuer, authorization: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = new URL(authorization);
  for (let step = 0; step < 10; step += 1) {
    // oxlint-disable-next-line no-await-in-loop -- a browser follows one redirect after the other
    const answer = await guardedFetch(at, {
      ...issuer.outbound,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([key, value]) => `${key}=${value}`).join('; ') },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(key, value);
    }
    const location = answer.headers.get('location');
    // oxlint-disable-next-line no-await-in-loop -- the last step
    if (location === null) throw new Error(`the issuer answered ${answer.status}: ${await answer.text()}`);
    at = new URL(location, at);
    if (at.origin !== issuer.url) return at;
  }
  throw new Error('the issuer redirects without end');
}
