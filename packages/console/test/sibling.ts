import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';

/** An application of the same house on an address of its own, with openid-client and a session of its own. */
export type Sibling = {
  name: string;
  /** `http://a.localhost:41234` */
  origin: string;
  port: number;
  /** Logout tokens it accepted. */
  told: string[];
  /** Resolves once it has accepted so many. */
  whenTold: (count: number) => Promise<void>;
  /** Connects it with the identity provider. */
  connect: (issuer: string, credentials: { id: string; secret: string; scope: string }) => Promise<void>;
  close: () => Promise<void>;
};

type Visitor = { name: string; tenant: string; sid: string; idToken: string };
type Pending = { verifier: string; state: string; nonce: string };

export async function startSibling(name: string): Promise<Sibling> {
  const visitors = new Map<string, Visitor>();
  const pending = new Map<string, Pending>();
  const told: string[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  let relying: { configuration: client.Configuration; issuer: string; id: string; scope: string } | undefined;
  const origin = (): string => `http://${name}.localhost:${port()}`;
  const port = (): number => (server.address() as AddressInfo).port;

  const connected = () => {
    if (relying === undefined) throw new Error('not connected yet');
    return relying;
  };
  const signIn = async (response: ServerResponse, cookie: string): Promise<void> => {
    const { configuration, scope } = connected();
    const flow = {
      verifier: client.randomPKCECodeVerifier(),
      state: client.randomState(),
      nonce: client.randomNonce(),
    };
    pending.set(cookie, flow);
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: `${origin()}/callback`,
      scope,
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
    });
    response.writeHead(303, {
      location: url.href,
      'set-cookie': `${name}=${cookie}; HttpOnly; SameSite=Lax`,
    });
    response.end();
  };
  const finish = async (
    request: IncomingMessage,
    response: ServerResponse,
    cookie: string,
  ): Promise<void> => {
    const { configuration } = connected();
    const flow = pending.get(cookie);
    if (flow === undefined) throw new Error('no sign-in is under way in this browser');
    pending.delete(cookie);
    const tokens = await client.authorizationCodeGrant(configuration, new URL(request.url ?? '', origin()), {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
    });
    const claims = tokens.claims();
    const told_ = await client.fetchUserInfo(configuration, tokens.access_token, claims?.sub ?? '');
    visitors.set(cookie, {
      name: String(told_.name),
      tenant: String(told_['tenant_name'] ?? ''),
      sid: String(claims?.['sid']),
      idToken: tokens.id_token ?? '',
    });
    response.writeHead(303, { location: '/' }).end();
  };
  const forget = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { issuer, id } = connected();
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const token = new URLSearchParams(body).get('logout_token') ?? '';
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    const { payload } = await jwtVerify(token, keys, { issuer, audience: id, typ: 'logout+jwt' });
    for (const [cookie, { sid }] of visitors) if (sid === payload['sid']) visitors.delete(cookie);
    told.push(token);
    for (const { count, resolve } of waiting) if (told.length >= count) resolve();
    response.writeHead(200).end();
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', origin());
    const cookie = new RegExp(`(?:^|; )${name}=([0-9a-f-]+)`).exec(request.headers.cookie ?? '')?.[1];
    const visitor = cookie === undefined ? undefined : visitors.get(cookie);
    if (pathname === '/sign-in') return signIn(response, cookie ?? randomUUID());
    if (pathname === '/callback' && cookie !== undefined) return finish(request, response, cookie);
    if (pathname === '/told') return forget(request, response);
    if (pathname === '/sign-out') {
      if (cookie !== undefined) visitors.delete(cookie);
      const url = client.buildEndSessionUrl(connected().configuration, {
        id_token_hint: visitor?.idToken ?? '',
        post_logout_redirect_uri: `${origin()}/`,
      });
      response.writeHead(303, { location: url.href }).end();
      return;
    }
    if (pathname !== '/') {
      response.writeHead(404).end();
      return;
    }
    const greeting =
      visitor === undefined
        ? '<p>Nobody is signed in.</p><a href="/sign-in">Sign in</a>'
        : `<p>Hello ${visitor.name} of ${visitor.tenant}.</p><a href="/sign-out">Sign out</a>`;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><title>${name}</title><h1>Application ${name}</h1>${greeting}`);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    name,
    origin: origin(),
    port: port(),
    told,
    whenTold: (count) =>
      new Promise((resolve) => {
        if (told.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    connect: async (issuer, { id, secret, scope }) => {
      const configuration = await client.discovery(
        new URL(issuer),
        id,
        { id_token_signed_response_alg: 'EdDSA' },
        client.ClientSecretBasic(secret),
        { execute: [client.allowInsecureRequests] },
      );
      relying = { configuration, issuer, id, scope };
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
