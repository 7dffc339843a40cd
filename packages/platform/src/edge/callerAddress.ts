import ipaddr from 'ipaddr.js';

/**
 * What a caller's address counts as: an IPv4 address as itself, however it is written (`::ffff:192.0.2.1` is
 * `192.0.2.1`, CVE-2026-30827); an IPv6 address as its /64, all of which one subscriber has. A text that is no address
 * counts as `unknown`, together with all others of its kind.
 *
 * @param address as the connection or a trusted proxy gives it; a zone (`%eth0`) is left out
 */
export function callerAddress(address: string): string {
  const [bare = ''] = address.split('%');
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return 'unknown';
  const parsed = ipaddr.process(bare);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  const network = new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0]);
  return `${network.toString()}/64`;
}
