import { isIP, type Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { checkedAddresses, readDestination } from './destination.ts';
import { OutboundError } from './error.ts';
import type { OutboundPolicy } from './policy.ts';

/** Addresses of one name that are tried before giving up. */
const mostTries = 3;

/**
 * An undici dispatcher that opens connections to checked places alone. The check stands where the socket is opened, so
 * that it also holds for literal addresses, for which undici's `lookup` hook is never called (T-52), and what was
 * checked is what is connected to: no second look-up that could answer otherwise (T-54). TLS verifies the name.
 *
 * `destroy()` it when it is no longer needed.
 */
export function guardedDispatcher(policy: OutboundPolicy): Agent {
  const open = buildConnector({
    timeout: policy.timeouts.connect,
    allowH2: false,
    // A resumed session skips the certificate; and two tenants may trust different authorities.
    maxCachedSessions: 0,
    ...(policy.authorities === undefined ? {} : { ca: [...policy.authorities] }),
  });
  const connect: buildConnector.connector = (options, callback) => {
    void hand(connectChecked(options, policy, open), callback);
  };
  return new Agent({
    connect,
    pipelining: 1,
    headersTimeout: policy.timeouts.headers,
    bodyTimeout: policy.timeouts.body,
    keepAliveTimeout: 1000,
    keepAliveMaxTimeout: 5000,
    maxHeaderSize: 16 * 1024,
  });
}

async function hand(opening: Promise<Socket>, callback: buildConnector.Callback): Promise<void> {
  let socket: Socket;
  try {
    socket = await opening;
  } catch (error) {
    callback(error instanceof Error ? error : new Error(String(error)), null);
    return;
  }
  callback(null, socket);
}

async function connectChecked(
  { hostname, protocol, port }: buildConnector.Options,
  policy: OutboundPolicy,
  open: buildConnector.connector,
): Promise<Socket> {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  const authority = isIP(bare) === 6 ? `[${bare}]` : bare;
  const destination = readDestination(`${protocol}//${authority}${port === '' ? '' : `:${port}`}`, policy);
  const addresses = await checkedAddresses(destination, policy);
  const { host } = destination;
  let failure: unknown;
  for (const address of addresses.slice(0, mostTries)) {
    const target = {
      hostname: address,
      protocol,
      port: String(destination.port),
      // For an address no name is sent; Node then verifies the certificate against the address.
      ...(isIP(host) === 0 ? { servername: host } : {}),
    };
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next address is tried when this one does not answer
      return await openSocket(target, open);
    } catch (error) {
      failure = error;
    }
  }
  throw new OutboundError('unreachable', `${host}: no connection`, { cause: failure });
}

function openSocket(target: buildConnector.Options, open: buildConnector.connector): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  open(target, (error, socket) => {
    if (error === null) resolve(socket);
    else reject(error);
  });
  return promise;
}
