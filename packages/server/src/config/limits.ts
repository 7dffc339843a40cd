import * as z from 'zod';
import { foreignSecret } from './secret.ts';
import { flag, setting, whole } from './setting.ts';

const most = 1_000_000;

function cap(standard: number, description: string) {
  return setting(whole(0, most).default(standard), { description: `${description}; 0 for no such limit.` });
}

function tenantCap(description: string) {
  return setting(whole(0, most).optional(), {
    description: `${description}, whatever its tier; 0 for no such limit.`,
    otherwise: 'what its tier allows',
  });
}

/** How many requests a caller may send. */
export const limits = z.strictObject({
  enabled: setting(flag.default(true), { description: 'Whether requests are limited at all.' }),
  servers: setting(whole(1, 1000).default(1), {
    description:
      'Servers that share the limits. While the store of the counts is away, and for a window after that, each admits its part of a limit alone; a part below one is none.',
  }),
  signInPerIp: cap(10, 'Sign-ins a minute from one address (IPv4 address, or /64 of IPv6)'),
  signInPerAccount: cap(10, 'Sign-ins a minute to one account or typed email address'),
  forgotPerIp: cap(3, 'Requests an hour from one address for a link by mail (sign-up, forgotten password …)'),
  forgotPerAccount: cap(3, 'Requests an hour for a link to one account or typed email address'),
  read: cap(1200, 'Reads a minute of one account, API key, or address where nobody is signed in'),
  readPerTenant: tenantCap('Reads a minute of one tenant'),
  write: cap(300, 'Changes a minute of one account, API key, or address where nobody is signed in'),
  writePerTenant: tenantCap('Changes a minute of one tenant'),
  heavy: cap(60, 'Reports, exports, imports and the like a minute of one account or API key'),
  heavyPerTenant: tenantCap('The same of one tenant'),
  reportsPerIp: cap(60, 'Reports a minute from one address of what the content security policy stopped'),
  tokenPerIp: cap(
    600,
    'Requests a minute from one address to the identity provider’s endpoints; an application’s back end sends those of all its users',
  ),
  webhooksPerSource: cap(
    1200,
    'Events a minute that one source of a tenant’s may send; billing may send any number',
  ),
  refusedPerIp: cap(
    600,
    'Cookies, access tokens and API keys a minute from one address that are refused, and as many unknown webhook sources; past it only what was good here lately is looked at',
  ),
});

/** Where servers share counts. */
export const redis = z.strictObject({
  url: setting(
    z
      .string()
      .regex(/^rediss?:\/\/[^\s]{1,500}$/, 'must be redis://… or rediss://…')
      .refine((value) => URL.canParse(value), 'must be redis://… or rediss://…')
      .refine(
        (value) => foreignSecret.optional().safeParse(URL.parse(value)?.password || undefined).success,
        'holds a password that is a placeholder or an example: give the real one',
      )
      .optional(),
    {
      description:
        'Redis that keeps the counts of the rate limits, `rediss://` for TLS. It may hold a password.',
      otherwise: 'Postgres keeps them',
      secret: true,
    },
  ),
  timeout: setting(whole(10, 60_000).default(250), {
    description: 'Milliseconds a request waits for Redis before this server counts by itself.',
  }),
});
