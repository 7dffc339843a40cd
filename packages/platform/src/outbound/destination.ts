import { isIP } from 'node:net';
import { isOpened, isPublicUnicast } from './address.ts';
import { OutboundError } from './error.ts';
import type { OutboundPolicy } from './policy.ts';
import { within } from './within.ts';

/** Where a request goes, as far as its URL tells. */
export type Destination = {
  url: URL;
  /** A name in lower case, or an address without brackets. */
  host: string;
  port: number;
};

/** At least two labels, so that `localhost` and the names of neighbouring containers are none; no dot at the end. */
const publicName =
  /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const innerName =
  /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|private|home\.arpa|in-addr\.arpa|ip6\.arpa|onion)$/;

const mostAddresses = 32;

/**
 * Reads a URL once; from here on, what was read is used and the text is not looked at again. Parsing (WHATWG URL) has
 * by then rewritten octal, hexadecimal and short forms of an address to the one form that is judged.
 *
 * @throws OutboundError url_refused
 */
export function readDestination(text: string | URL, policy: OutboundPolicy): Destination {
  const url = URL.parse(String(text));
  if (url === null) throw new OutboundError('url_refused', 'no URL');
  const secure = url.protocol === 'https:';
  if (!secure && !(policy.http && url.protocol === 'http:')) {
    throw new OutboundError('url_refused', `scheme ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') throw new OutboundError('url_refused', 'credentials');
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  const ports = [...policy.ports, ...policy.privateTargets.flatMap((target) => target.ports)];
  if (!ports.includes(port)) throw new OutboundError('url_refused', `port ${port}`);
  url.hash = '';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) === 0 && !publicName.test(host)) throw new OutboundError('url_refused', `host ${host}`);
  return { url, host, port };
}

/**
 * The addresses to connect to, every one of them checked. A name with a single address that is not allowed is refused
 * whole, and so is one that cannot be resolved (T-58).
 *
 * @throws OutboundError destination_refused
 */
export async function checkedAddresses(
  { host, port }: Pick<Destination, 'host' | 'port'>,
  policy: OutboundPolicy,
): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await resolveName(host, policy) : [host];
  const refused = addresses.find((address) => !mayReach(address, port, policy));
  if (refused !== undefined) throw new OutboundError('destination_refused', `${host} is ${refused}`);
  return addresses;
}

function mayReach(address: string, port: number, { ports, privateTargets }: OutboundPolicy): boolean {
  return (ports.includes(port) && isPublicUnicast(address)) || isOpened(address, port, privateTargets);
}

async function resolveName(host: string, policy: OutboundPolicy): Promise<readonly string[]> {
  if (innerName.test(host) && policy.privateTargets.length === 0) {
    throw new OutboundError('destination_refused', `${host} is a name of this network`);
  }
  const resolving = Promise.resolve().then(() => policy.resolve(host));
  const addresses = await within(resolving, policy.timeouts.resolve).catch((cause: unknown) => {
    throw new OutboundError('destination_refused', `${host} does not resolve`, { cause });
  });
  if (!Array.isArray(addresses) || addresses.length === 0 || addresses.length > mostAddresses) {
    throw new OutboundError('destination_refused', `${host} has no usable addresses`);
  }
  return addresses as readonly string[];
}
