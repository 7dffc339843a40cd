import { request, type Dispatcher } from 'undici';
import { acceptedEncodings, readBody, type BodyLimit } from './body.ts';
import { checkedAddresses, readDestination } from './destination.ts';
import { guardedDispatcher } from './dispatcher.ts';
import { OutboundError } from './error.ts';
import { outboundPolicy, type OutboundOptions, type OutboundPolicy } from './policy.ts';

export type GuardedRequest = OutboundOptions & {
  /** Default GET. */
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** What becomes of a redirect: followed (GET and HEAD), given back as it is, or refused. Default `follow`. */
  redirect?: 'follow' | 'manual' | 'error';
  signal?: AbortSignal;
  /**
   * What becomes of a body that is longer than `maxBytes`: the call fails, or the body is cut there and the rest left
   * unread. One that is packed is not cut but left out. Default `refuse`.
   */
  beyondLimit?: 'refuse' | 'cut';
};

/** Headers that go along to another origin: none that could be a credential. */
const harmless: ReadonlySet<string> = new Set(['accept', 'accept-language', 'user-agent']);
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const bodyless: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Fetches from an address that somebody else chose. The URL is parsed once, its name resolved once, every address must
 * be public unicast, and the connection goes to the address that was checked. Redirects are judged anew, each. The
 * answer is read whole within limits of time and size; its status is not judged.
 *
 * @throws OutboundError url_refused, destination_refused, unreachable, redirect_refused, answer_refused
 */
export async function guardedFetch(address: string | URL, options: GuardedRequest = {}): Promise<Response> {
  const policy = outboundPolicy(options);
  const dispatcher = guardedDispatcher(policy);
  const deadline = AbortSignal.timeout(policy.timeouts.total);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([deadline, options.signal]);
  try {
    return await interruptible(followed({ address, options, policy, dispatcher, signal }), signal);
  } catch (cause) {
    if (cause instanceof OutboundError) throw cause;
    throw new OutboundError('unreachable', reasonOf(cause), { cause });
  } finally {
    await dispatcher.destroy();
  }
}

type Call = {
  address: string | URL;
  options: GuardedRequest;
  policy: OutboundPolicy;
  dispatcher: Dispatcher;
  signal: AbortSignal;
};

async function followed({ address, options, policy, dispatcher, signal }: Call): Promise<Response> {
  const { method = 'GET', redirect = 'follow' } = options;
  let { url } = readDestination(address, policy);
  let headers = lowerCased(options.headers ?? {});
  for (let left = policy.maxRedirects; ; left -= 1) {
    // oxlint-disable-next-line no-await-in-loop -- each step says where the next leads
    const answer = await ask(url, { method, headers, body: options.body ?? null, dispatcher, signal });
    const location = redirects.has(answer.statusCode) ? singleHeader(answer.headers, 'location') : undefined;
    if (location === undefined || redirect === 'manual') {
      // oxlint-disable-next-line no-await-in-loop -- the last step
      return await toResponse(answer, {
        maxBytes: policy.maxBytes,
        beyondLimit: options.beyondLimit ?? 'refuse',
      });
    }
    answer.body.destroy();
    if (redirect === 'error' || left <= 0 || (method !== 'GET' && method !== 'HEAD')) {
      throw new OutboundError('redirect_refused', `${answer.statusCode} after ${policy.maxRedirects - left}`);
    }
    const next = readRedirect(location, url, policy);
    if (next.origin !== url.origin) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.has(name)));
    }
    url = next;
  }
}

type Step = {
  method: string;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array | null;
  dispatcher: Dispatcher;
  signal: AbortSignal;
};

async function ask(
  url: URL,
  { method, headers, body, dispatcher, signal }: Step,
): Promise<Dispatcher.ResponseData> {
  const answer = await request(url, {
    method,
    headers: { 'accept-encoding': acceptedEncodings, ...headers },
    body,
    dispatcher,
    signal,
  });
  // A body that is given up reports that as an error, which without a listener would end the process.
  answer.body.on('error', () => {});
  return answer;
}

function readRedirect(location: string, from: URL, policy: OutboundPolicy): URL {
  try {
    const { url } = readDestination(new URL(location, from), policy);
    if (from.protocol === 'https:' && url.protocol !== 'https:') {
      throw new OutboundError('redirect_refused', 'from https to http');
    }
    return url;
  } catch (cause) {
    if (cause instanceof OutboundError && cause.code === 'redirect_refused') throw cause;
    throw new OutboundError('redirect_refused', `to ${location}`, { cause });
  }
}

async function toResponse(answer: Dispatcher.ResponseData, limit: BodyLimit): Promise<Response> {
  const { statusCode: status } = answer;
  const encoding = singleHeader(answer.headers, 'content-encoding');
  const bytes = await readBody(answer.body, { encoding, ...limit });
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    // They tell of the body as it travelled.
    if (value === undefined || name === 'content-encoding' || name === 'content-length') continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  return new Response(bodyless.has(status) ? null : bytes, { status, headers });
}

/** Settles when the deadline comes, whatever the work is waiting for. */
async function interruptible<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void =>
    reject(new OutboundError('unreachable', 'took too long', { cause: signal.reason }));
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  work.catch(() => {});
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function singleHeader(headers: Dispatcher.ResponseData['headers'], name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

// Framing and host follow from what was checked.
const ownHeaders =
  /^(?:host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|proxy-.*)$/;

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(entries.filter(([name]) => !ownHeaders.test(name)));
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}

/** Judges an address without calling it, for a form that wants to say no at once. @throws OutboundError as `guardedFetch` */
export async function checkDestination(address: string | URL, options: OutboundOptions = {}): Promise<void> {
  const policy = outboundPolicy(options);
  await checkedAddresses(readDestination(address, policy), policy);
}
