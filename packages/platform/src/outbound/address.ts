import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [Address, number];

/** What no allow-list opens: link-local holds the clouds' metadata services, the rest is no machine at all. */
const neverReachable: readonly Range[] = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::/32', // Amazon's metadata over IPv6
  'fd20:ce::254/128', // Google's metadata over IPv6
  '100.100.100.200/32', // Alibaba's metadata, within carrier-grade NAT
  '168.63.129.16/32', // Azure's host
  '192.0.0.192/32', // Oracle's metadata
].map(range);

/** IANA IPv4 special-purpose registry (RFC 6890), and what is not unicast. */
const specialIPv4: readonly Range[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '168.63.129.16/32', // Azure's host, a public address that is none
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
].map(range);

/** All that is globally routed. Everything that carries an IPv4 address inside, but 6to4 and Teredo, lies outside. */
const globalIPv6 = range('2000::/3');

/** What of it is special (RFC 6890): protocol assignments with Teredo, benchmarking and ORCHID; documentation; 6to4; AS112. */
const specialIPv6: readonly Range[] = [
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
].map(range);

/**
 * Whether an address is public unicast: a machine on the internet that anybody may reach. ipaddr.js's word alone is not
 * enough, as it calls `::7f00:1`, which is how URL parsing rewrites `[::127.0.0.1]`, unicast (T-53); so IPv6 is
 * limited to what is globally routed.
 *
 * @param text an address in any textual form, without brackets; anything else is not public
 */
export function isPublicUnicast(text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined || address.range() !== 'unicast') return false;
  const special = address.kind() === 'ipv4' ? specialIPv4 : specialIPv6;
  if (address.kind() === 'ipv6' && !address.match(globalIPv6)) return false;
  return !isWithin(address, special);
}

/** Kinds of IPv6 addresses that lead to an IPv4 address within them, which no list of IPv6 ranges judges. */
const carries: ReadonlySet<string> = new Set(['ipv4Mapped', 'rfc6145', 'rfc6052', '6to4', 'teredo']);

/** A private place that an operator has opened, e.g. `{ range: '10.2.0.0/24', ports: [8443] }`. */
export type PrivateTarget = {
  /** CIDR. Link-local, metadata, unspecified, multicast and IPv4-carrying IPv6 addresses stay closed whatever it covers. */
  range: string;
  ports: readonly number[];
};

/**
 * Whether an operator opened this place.
 *
 * @throws Error when a range is no CIDR
 */
export function isOpened(text: string, port: number, targets: readonly PrivateTarget[]): boolean {
  const address = parseAddress(text);
  if (address === undefined || isWithin(address, neverReachable) || carries.has(address.range()))
    return false;
  return targets.some((target) => target.ports.includes(port) && isWithin(address, [range(target.range)]));
}

// Zones (fe80::1%eth0) name an interface of this machine, and a mapped address is judged as neither kind.
function parseAddress(text: string): Address | undefined {
  if (text.includes('%') || !(ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text))) {
    return undefined;
  }
  return ipaddr.parse(text);
}

function isWithin(address: Address, ranges: readonly Range[]): boolean {
  return ranges.some(([base, bits]) => base.kind() === address.kind() && address.match(base, bits));
}

function range(cidr: string): Range {
  return ipaddr.parseCIDR(cidr);
}
