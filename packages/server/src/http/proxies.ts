import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** `::ffff:192.0.2.1` and `192.0.2.1` are one client; count and log them as one. */
export function normaliseAddress(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** Tells whether an address is a proxy whose forwarding headers are believed. */
export function proxyTest(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const plain = normaliseAddress(address);
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  };
}

const acceptableId = /^[A-Za-z0-9._-]{8,128}$/;

/** The request id: a trusted proxy's, or a new one. */
export function requestIdSource(isProxy: (address: string) => boolean) {
  return (request: IncomingMessage): string => {
    const given = request.headers['x-request-id'];
    if (typeof given !== 'string' || !acceptableId.test(given)) return randomUUID();
    return isProxy(request.socket.remoteAddress ?? '') ? given : randomUUID();
  };
}
