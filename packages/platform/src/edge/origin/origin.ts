import { PlatformError } from '../../errors.ts';

/** A web origin as a browser writes it in `Origin`: scheme, host, port where it is not the scheme's own (RFC 6454 section 6.2). */
export type Origin = string;

const form =
  /^(?:https:\/\/[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|http:\/\/(?:localhost|127\.0\.0\.1))(?::[1-9]\d{0,4})?$/;

/**
 * Tells whether a text is one origin that may be allowed: https with a host name or IPv4 address, or http on the
 * reader's own machine. No path, no default port, no upper case, no wildcard, not `null`: what a browser sends is
 * compared with it byte by byte, and nothing is left to interpret.
 */
export function isOrigin(text: string): boolean {
  return form.test(text) && !text.includes('..') && URL.canParse(text) && new URL(text).origin === text;
}

/**
 * An origin as it was typed, checked; a lone slash at the end, as address bars show it, is taken off.
 *
 * @throws PlatformError input_invalid, saying what to write instead where that is clear
 */
export function parseOrigin(typed: string): Origin {
  const text = typed.trim().replace(/\/$/, '');
  if (isOrigin(text)) return text;
  const meant = URL.parse(text)?.origin ?? '';
  throw new PlatformError('input_invalid', {
    message: isOrigin(meant)
      ? `An origin is a scheme, a host and a port, and no more: ${meant}`
      : 'An origin looks like https://shop.example.com; http only for localhost and 127.0.0.1. No wildcards.',
    field: 'origin',
  });
}
