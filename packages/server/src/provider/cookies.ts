import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FieldCipher } from '@bulkhead/platform/vault';
import { VaultError } from '@bulkhead/platform/vault';

/** Names of the provider's cookies as the library knows them; a browser never sees these. */
export const innerCookies = { session: 'session', interaction: 'interaction', resume: 'resume' } as const;

/** The browser session's cookie. The prefix binds it to this host, to TLS and to the whole site (RFC 6265bis). */
export const providerCookieName = '__Host-bulkhead_provider';

type Kind = keyof typeof innerCookies;

/** A cookie as the library set it: value and signature, and when it ends. */
type SignedValue = { value: string; signature: string };

/**
 * Stands between the library and the browser. The library signs its cookies; here value and signature are encrypted
 * together, bound to the cookie's name, into one cookie with the `__Host-` prefix (AUT-8, AUT-9). In it: the random id
 * of a record in the database, or of one open interaction, and its signature; nothing of the person.
 */
export class ProviderCookies {
  readonly #cipher: FieldCipher;
  readonly #clock: () => number;

  constructor({ cipher, clock }: { cipher: FieldCipher; clock: () => number }) {
    this.#cipher = cipher;
    this.#clock = clock;
  }

  /**
   * Gives the library the cookies it may see: those that open, and of an interaction the one its address names. Every
   * other cookie, this server's own session among them, is taken away.
   */
  open(request: IncomingMessage, path: string): void {
    const given = readCookies(request.headers.cookie);
    const wanted: [Kind, string][] = [['session', providerCookieName]];
    const [, route, uid] = /^\/(interaction|authorize)\/([A-Za-z0-9_-]+)$/.exec(path) ?? [];
    if (uid !== undefined) {
      const kind = route === 'interaction' ? 'interaction' : 'resume';
      wanted.push([kind, flowCookieName(kind, uid)]);
    }
    const pairs = wanted.flatMap(([kind, name]) => {
      const opened = this.#open(name, given.get(name));
      if (opened === undefined) return [];
      return [`${innerCookies[kind]}=${opened.value}`, `${innerCookies[kind]}.sig=${opened.signature}`];
    });
    if (pairs.length === 0) delete request.headers.cookie;
    else request.headers.cookie = pairs.join('; ');
  }

  /** Has what the library sets encrypted at the moment the headers leave, when it has said its last word. */
  sealOnSend(response: ServerResponse): void {
    const writeHead = response.writeHead.bind(response) as (...values: unknown[]) => ServerResponse;
    response.writeHead = (...values: unknown[]) => {
      const set = response.getHeader('set-cookie');
      if (set !== undefined) {
        response.removeHeader('set-cookie');
        response.setHeader('set-cookie', this.seal(Array.isArray(set) ? set : [String(set)]));
      }
      response.writeHead = writeHead;
      return writeHead(...values);
    };
  }

  /** `Set-Cookie` values of the library, as a browser may have them. */
  seal(lines: readonly string[]): string[] {
    const parsed = lines.map(parseSetCookie);
    return parsed
      .filter(({ name }) => !name.endsWith('.sig'))
      .flatMap((cookie) => {
        const name = outerName(cookie.name, cookie.path);
        if (name === undefined) return [];
        const signature = parsed.find(
          (other) => other.name === `${cookie.name}.sig` && other.path === cookie.path,
        )?.value;
        const left = cookie.expires === undefined ? undefined : cookie.expires - this.#clock();
        if (cookie.value === '' || signature === undefined || (left !== undefined && left <= 0)) {
          return [`${name}=; ${attributes}; Max-Age=0`];
        }
        const sealed = this.#seal(name, { value: cookie.value, signature });
        const life = left === undefined ? '' : `; Max-Age=${Math.ceil(left / 1000)}`;
        return [`${name}=${sealed}; ${attributes}${life}`];
      });
  }

  #seal(name: string, content: SignedValue): string {
    return this.#cipher.encrypt(Buffer.from(JSON.stringify(content)), bindingOf(name)).toString('base64url');
  }

  #open(name: string, value: string | undefined): SignedValue | undefined {
    if (value === undefined || !/^[A-Za-z0-9_-]{40,1000}$/.test(value)) return undefined;
    try {
      const bytes = this.#cipher.decrypt(Buffer.from(value, 'base64url'), bindingOf(name));
      return JSON.parse(bytes.toString()) as SignedValue;
    } catch (error) {
      if (error instanceof VaultError) return undefined;
      throw error;
    }
  }
}

// Lax: an application on another site sends people here by a top-level navigation, and they are still signed in.
const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax';

function bindingOf(name: string): string[] {
  return ['provider.cookie', name];
}

function flowCookieName(kind: 'interaction' | 'resume', uid: string): string {
  return `${providerCookieName}_${kind}_${uid}`;
}

function outerName(inner: string, path: string): string | undefined {
  if (inner === innerCookies.session) return providerCookieName;
  const uid = /\/([A-Za-z0-9_-]+)$/.exec(path)?.[1];
  if (uid === undefined) return undefined;
  if (inner === innerCookies.interaction) return flowCookieName('interaction', uid);
  return inner === innerCookies.resume ? flowCookieName('resume', uid) : undefined;
}

/** A cookie given twice counts as none: which of them this server set cannot be told. */
function readCookies(header: string | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const doubled = new Set<string>();
  for (const pair of (header ?? '').split(';')) {
    const [name = '', ...rest] = pair.trim().split('=');
    if (found.has(name)) doubled.add(name);
    found.set(name, rest.join('='));
  }
  for (const name of doubled) found.delete(name);
  return found;
}

type SetCookie = { name: string; value: string; path: string; expires: number | undefined };

function parseSetCookie(line: string): SetCookie {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
  const [name = '', ...value] = pair.split('=');
  const cookie: SetCookie = { name, value: value.join('='), path: '/', expires: undefined };
  for (const attribute of rest) {
    const [key = '', ...content] = attribute.split('=');
    if (key.toLowerCase() === 'path') cookie.path = content.join('=');
    if (key.toLowerCase() === 'expires') cookie.expires = Date.parse(content.join('='));
  }
  return cookie;
}
