import type { Config } from '../config/schema.ts';
import { isLoopback } from '../config/setting.ts';

/** The origin people use: the configured one, or this machine's at the port listened on. */
export function publicOrigin(config: Config['http'], port: number): string {
  return config.publicUrl === undefined ? `http://localhost:${port}` : new URL(config.publicUrl).origin;
}

/**
 * Origins whose pages are this server's own. On this machine, its three names mean the same
 * server; anywhere else there is exactly one.
 */
export function ownOrigins(origin: string): ReadonlySet<string> {
  const url = new URL(origin);
  if (!isLoopback(url.hostname)) return new Set([origin]);
  const port = url.port === '' ? '' : `:${url.port}`;
  return new Set(['localhost', '127.0.0.1', '[::1]'].map((host) => `${url.protocol}//${host}${port}`));
}
