import * as z from 'zod';
import { flag, isLoopback, setting } from './setting.ts';

/** The lab of the demo. */
export const lab = z.strictObject({
  enabled: setting(flag.default(false), {
    description:
      'The lab of the demo, which runs SQL that visitors write. Refused unless `http.host` and `http.publicUrl` are of this machine alone and no proxy is trusted; `bulkhead up --demo` turns it on.',
  }),
});

type Reachable = {
  http: { host: string; publicUrl?: string | undefined; trustedProxies: readonly string[] };
  lab: { enabled: boolean };
};

/** Why the lab must stay off, if it must: whoever reaches it may write SQL. */
export function labRefusal({ http, lab: { enabled } }: Reachable): string | undefined {
  if (!enabled) return undefined;
  const { host, publicUrl, trustedProxies } = http;
  if (!isLoopback(host) && host !== '::1') return 'must stay off while http.host is not a loopback address';
  if (publicUrl !== undefined && !isLoopback(new URL(publicUrl).hostname)) {
    return 'must stay off while http.publicUrl is not on this machine';
  }
  if (trustedProxies.length > 0) return 'must stay off while http.trustedProxies names a proxy';
  return undefined;
}
