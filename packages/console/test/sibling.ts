import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';

type Visitor = { greeting: string; sid: unknown; idToken: string };
type Pending = { verifier: string; state: string; nonce: string };
type Relying = { configuration: client.Configuration; issuer: string; id: string; scope: string };

/** An application of the same house on an address of its own, with openid-client and a session of its own. */
export class Sibling {
  readonly name: string;
  /** Logout tokens it accepted. */
  readonly told: string[] = [];
  readonly #server: Server;
  readonly #visitors = new Map<string, Visitor>();
  readonly #pending = new Map<string, Pending>();
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  #relying: Relying | undefined;

  private constructor(name: string) {
    this.name = name;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
      });
    });
  }

  static async start(name: string): Promise<Sibling> {
    const sibling = new Sibling(name);
    await new Promise<void>((resolve) => void sibling.#server.listen(0, '127.0.0.1', resolve));
    return sibling;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `http://a.localhost:41234` */
  get origin(): string {
    return `http://${this.name}.localhost:${this.port}`;
  }

  /** Connects it with the identity provider. */
  async connect(
    issuer: string,
    { id, secret, scope }: { id: string; secret: string; scope: string },
  ): Promise<void> {
    const configuration = await client.discovery(
      new URL(issuer),
      id,
      { id_token_signed_response_alg: 'EdDSA' },
      client.ClientSecretBasic(secret),
      { execute: [client.allowInsecureRequests] },
    );
    this.#relying = { configuration, issuer, id, scope };
  }

  /** Resolves once it has accepted so many logout tokens. */
  whenTold(count: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.told.length >= count) resolve();
      else this.#waiting.push({ count, resolve });
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.origin);
    const cookie = new RegExp(`(?:^|; )${this.name}=([0-9a-f-]+)`).exec(request.headers.cookie ?? '')?.[1];
    if (pathname === '/sign-in') {
      await this.#signIn(response, { cookie: cookie ?? randomUUID(), prompt: searchParams.get('prompt') });
    } else if (pathname === '/callback' && cookie !== undefined) {
      await this.#finish(request, response, cookie);
    } else if (pathname === '/told') await this.#forget(request, response);
    else if (pathname === '/sign-out') this.#signOut(response, cookie ?? '');
    else if (pathname === '/') this.#show(response, this.#visitors.get(cookie ?? ''));
    else response.writeHead(404).end();
  }

  async #signIn(
    response: ServerResponse,
    { cookie, prompt }: { cookie: string; prompt: string | null },
  ): Promise<void> {
    const { configuration, scope } = this.#connected();
    const flow = {
      verifier: client.randomPKCECodeVerifier(),
      state: client.randomState(),
      nonce: client.randomNonce(),
    };
    this.#pending.set(cookie, flow);
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: `${this.origin}/callback`,
      scope,
      state: flow.state,
      nonce: flow.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(flow.verifier),
      code_challenge_method: 'S256',
      ...(prompt === null ? {} : { prompt }),
    });
    const kept = `${this.name}=${cookie}; HttpOnly; SameSite=Lax`;
    response.writeHead(303, { location: url.href, 'set-cookie': kept }).end();
  }

  async #finish(request: IncomingMessage, response: ServerResponse, cookie: string): Promise<void> {
    const { configuration } = this.#connected();
    const flow = this.#pending.get(cookie);
    if (flow === undefined) throw new Error('no sign-in is under way in this browser');
    this.#pending.delete(cookie);
    const here = new URL(request.url ?? '', this.origin);
    const tokens = await client.authorizationCodeGrant(configuration, here, {
      pkceCodeVerifier: flow.verifier,
      expectedState: flow.state,
      expectedNonce: flow.nonce,
    });
    const claims = tokens.claims();
    const person = await client.fetchUserInfo(configuration, tokens.access_token, claims?.sub ?? '');
    this.#visitors.set(cookie, {
      greeting: `${person.name ?? 'Nobody'} of ${textOf(person['tenant_name'])}`,
      sid: claims?.['sid'],
      idToken: tokens.id_token ?? '',
    });
    response.writeHead(303, { location: '/' }).end();
  }

  async #forget(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { issuer, id } = this.#connected();
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const token = new URLSearchParams(body).get('logout_token') ?? '';
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    const { payload } = await jwtVerify(token, keys, { issuer, audience: id, typ: 'logout+jwt' });
    for (const [cookie, { sid }] of this.#visitors) {
      if (sid === payload['sid']) this.#visitors.delete(cookie);
    }
    this.told.push(token);
    for (const { count, resolve } of this.#waiting) if (this.told.length >= count) resolve();
    response.writeHead(200).end();
  }

  #signOut(response: ServerResponse, cookie: string): void {
    const idToken = this.#visitors.get(cookie)?.idToken ?? '';
    this.#visitors.delete(cookie);
    const url = client.buildEndSessionUrl(this.#connected().configuration, {
      id_token_hint: idToken,
      post_logout_redirect_uri: `${this.origin}/`,
    });
    response.writeHead(303, { location: url.href }).end();
  }

  #show(response: ServerResponse, visitor: Visitor | undefined): void {
    const greeting =
      visitor === undefined
        ? '<p>Nobody is signed in.</p><a href="/sign-in">Sign in</a>'
        : `<p>Hello ${visitor.greeting}.</p><a href="/sign-out">Sign out</a> <a href="/sign-in?prompt=login">Prove it</a>`;
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><title>${this.name}</title><h1>Application ${this.name}</h1>${greeting}`);
  }

  #connected(): Relying {
    if (this.#relying === undefined) throw new Error('not connected yet');
    return this.#relying;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'nowhere';
}
