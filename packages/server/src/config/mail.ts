import { parseEmail } from '@bulkhead/platform/identity';
import * as z from 'zod';
import { foreignSecret } from './secret.ts';
import { flag, host, isLoopback, setting, whole } from './setting.ts';

/** Whether a text is one strict address: nothing a mail program could read as two, or as a name and an address. */
function isAddress(value: string): boolean {
  try {
    return parseEmail(value).address === value;
  } catch {
    return false;
  }
}

/** How mail leaves. Without `mail.host` and without `mail.sink` none does. */
export const mail = z
  .strictObject({
    host: setting(host.optional(), {
      description: 'Mail server to hand messages to (SMTP).',
      otherwise:
        'no mail: sign-up, forgotten passwords, sign-in links and invites are refused as unavailable',
    }),
    port: setting(whole(1, 65_535).default(587), { description: 'Its port.' }),
    tls: setting(z.enum(['starttls', 'implicit', 'off']).default('starttls'), {
      description:
        '`starttls` and `implicit` demand TLS with a certificate that matches the host. `off` is accepted for a mail server on this machine only.',
    }),
    tlsCa: setting(z.string().min(1).optional(), {
      description: 'PEM certificate of the authority to trust. Public: may stand in the file.',
      otherwise: 'the system’s authorities',
    }),
    user: setting(z.string().min(1).max(256).optional(), {
      description: 'User name at the mail server.',
      otherwise: 'no sign-in there',
    }),
    password: setting(foreignSecret.optional(), {
      description: 'Password at the mail server.',
      otherwise: 'none',
      secret: true,
    }),
    from: setting(
      z.string().refine(isAddress, 'must be one plain address such as no-reply@example.com').optional(),
      {
        description: 'Address that messages come from.',
        otherwise: 'required with `mail.host`',
      },
    ),
    fromName: setting(
      z
        .string()
        .regex(/^[^\p{Cc}"<>@]{1,80}$/u, 'must be 1 to 80 characters on one line, without < > @ or quotes')
        .default('Bulkhead'),
      { description: 'Name shown beside that address, and under every message.' },
    ),
    sink: setting(flag.default(false), {
      description:
        'The demo’s mail: nothing is sent, and whoever opens the console reads everything on a page of it. Refused unless `http.host` and `http.publicUrl` are of this machine alone and no proxy is trusted; `bulkhead up --demo` turns it on.',
    }),
  })
  .superRefine((section, issues) => {
    const { host: server, tls, user, password, from, sink } = section;
    const problem = (name: string, message: string) =>
      issues.addIssue({ code: 'custom', path: [name], message });
    if (server !== undefined && from === undefined) problem('from', 'is required with mail.host');
    if (server !== undefined && sink) problem('sink', 'must stay off while mail.host names a mail server');
    if (tls === 'off' && !(server !== undefined && isLoopback(server))) {
      problem('tls', 'must not be off: the mail server is not on this machine');
    }
    if ((user === undefined) !== (password === undefined)) {
      problem('user', 'is given without its other half (user and password belong together)');
    }
  });

type Reachable = {
  http: { host: string; publicUrl?: string | undefined; trustedProxies: readonly string[] };
  mail: { sink: boolean };
};

/** Why the demo's mail page must stay off, if it must: whoever reaches it reads everybody's links. */
export function sinkRefusal({ http, mail: { sink } }: Reachable): string | undefined {
  if (!sink) return undefined;
  const { host: listening, publicUrl, trustedProxies } = http;
  if (!isLoopback(listening) && listening !== '::1') {
    return 'must stay off while http.host is not a loopback address';
  }
  if (publicUrl !== undefined && !isLoopback(new URL(publicUrl).hostname)) {
    return 'must stay off while http.publicUrl is not on this machine';
  }
  if (trustedProxies.length > 0) return 'must stay off while http.trustedProxies names a proxy';
  return undefined;
}
