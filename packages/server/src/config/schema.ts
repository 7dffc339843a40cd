import * as z from 'zod';
import { signIn } from './signIn.ts';
import { audit } from './audit.ts';
import { billing, inbound } from './billing.ts';
import { lab, labRefusal } from './lab.ts';
import { limits, redis } from './limits.ts';
import { mail, sinkRefusal } from './mail.ts';
import { internal } from './internal.ts';
import { passwords } from './passwords.ts';
import { provider } from './provider.ts';
import { key, password } from './secret.ts';
import { secrets } from './secrets.ts';
import type { SecretSource } from './secrets.ts';
import { session } from './session.ts';
import { token } from './token.ts';
import { addresses, flag, host, publicUrl, setting, whole } from './setting.ts';

const mebibyte = 1024 * 1024;

const http = z.strictObject({
  host: setting(host.default('127.0.0.1'), { description: 'Address to listen on.' }),
  port: setting(whole(0, 65_535).default(3000), {
    description: 'Port to listen on; 0 picks a free one.',
  }),
  publicUrl: setting(publicUrl.optional(), {
    description:
      'Origin people use, without a path. Requests from any other origin are refused, and links are built from it alone. https except on localhost.',
    otherwise: '`http://localhost:<port>`',
  }),
  trustedProxies: setting(addresses.default([]), {
    description:
      'Addresses or CIDR ranges whose X-Forwarded-For and X-Request-Id are believed, separated by commas.',
  }),
  bodyLimit: setting(whole(1024, 64 * mebibyte).default(mebibyte), {
    description: 'Largest request body in bytes. A procedure may set its own.',
  }),
  maxConnections: setting(whole(1, 1_000_000).default(10_000), {
    description: 'Connections held at once; more are closed on arrival.',
  }),
  headersTimeout: setting(whole(100, 600_000).default(10_000), {
    description: 'Milliseconds a client may take to send its headers.',
  }),
  requestTimeout: setting(whole(100, 3_600_000).default(60_000), {
    description: 'Milliseconds a client may take to send the whole request.',
  }),
  shutdownTimeout: setting(whole(0, 600_000).default(15_000), {
    description: 'Milliseconds that accepted requests may take to finish at shutdown.',
  }),
  maxBatch: setting(whole(1, 100).default(20), {
    description: 'Members one batch request may have.',
  }),
  shedAfter: setting(whole(0, 60_000).default(2000), {
    description:
      'Event-loop delay in milliseconds above which requests are answered 503 until it falls; 0 never sheds.',
  }),
  console: setting(z.string().min(1).optional(), {
    description: 'Folder of the built console to serve at `/`.',
    otherwise: 'no console',
  }),
});

const database = z.strictObject({
  host: setting(host.default('127.0.0.1'), {
    description: 'Host, address or socket folder of Postgres or PgBouncer.',
  }),
  port: setting(whole(1, 65_535).default(5432), { description: 'Its port.' }),
  name: setting(z.string().min(1).max(63).default('bulkhead'), { description: 'Database name.' }),
  tls: setting(z.enum(['off', 'verify']).default('off'), {
    description: '`verify` demands TLS with a certificate that matches the host.',
  }),
  tlsCa: setting(z.string().min(1).optional(), {
    description: 'PEM certificate of the authority to trust. Public: may stand in the file.',
    otherwise: 'the system’s authorities',
  }),
  appPassword: setting(password, { description: 'Password of bulkhead_app.', secret: true }),
  identityPassword: setting(password, {
    description: 'Password of bulkhead_identity.',
    secret: true,
  }),
  ownerPassword: setting(password.optional(), {
    description: 'Password of bulkhead_owner, for migrations only; the server runs without it.',
    otherwise: 'no migrations at boot',
    secret: true,
  }),
  workerPassword: setting(password.optional(), {
    description: 'Password of bulkhead_worker, for duties such as sealing the audit log and sending mail.',
    otherwise: 'no duties run in this server',
    secret: true,
  }),
  auditorPassword: setting(password.optional(), {
    description:
      'Password of bulkhead_auditor, who reads the audit log and nothing else: the server then checks it.',
    otherwise: 'this server does not check the audit log',
    secret: true,
  }),
  appConnections: setting(whole(1, 1000).default(10), {
    description: 'Connections of bulkhead_app.',
  }),
  identityConnections: setting(whole(1, 1000).default(4), {
    description: 'Connections of bulkhead_identity.',
  }),
  workerConnections: setting(whole(1, 1000).default(4), {
    description: 'Connections of bulkhead_worker.',
  }),
  statements: setting(z.enum(['auto', 'named', 'unnamed']).default('auto'), {
    description:
      '`auto` keeps plans where the connection leads to Postgres itself and not where a pooler stands between; `named` keeps them always (PgBouncer 1.21 or newer), `unnamed` never.',
  }),
  connectTimeout: setting(whole(100, 600_000).default(5000), {
    description: 'Milliseconds to wait for a connection.',
  }),
  migrateAtBoot: setting(flag.default(true), {
    description: 'Apply pending migrations before serving, when ownerPassword is given.',
  }),
});

const keyId = z.string().regex(/^[0-9a-f]{8}$/, 'must be 8 lower-case hex digits');

const context = z.strictObject({
  keyId: setting(keyId, {
    description: 'Id of the key that seals contexts: 8 lower-case hex digits.',
  }),
  key: setting(key, {
    description: 'That key: 32 random bytes as hex or base64.',
    secret: true,
  }),
});

const encryption = z
  .strictObject({
    keyId: setting(keyId, {
      description: 'Id of the key that encrypts single fields: 8 lower-case hex digits.',
    }),
    key: setting(key, {
      description: 'That key: 32 random bytes as hex or base64.',
      secret: true,
    }),
    previousKeyId: setting(keyId.optional(), {
      description: 'Id of the key before the last rotation.',
      otherwise: 'none',
    }),
    previousKey: setting(key.optional(), {
      description: 'The key before the last rotation: it opens what it encrypted, and encrypts nothing more.',
      otherwise: 'none',
      secret: true,
    }),
  })
  .refine(({ previousKey, previousKeyId }) => (previousKey === undefined) === (previousKeyId === undefined), {
    message: 'is given without its other half (id and key belong together)',
    path: ['previousKeyId'],
  });

const log = z.strictObject({
  level: setting(z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'), {
    description: 'Least severe line to write.',
  }),
});

/** Every setting of the server. */
export const configSchema = z
  .strictObject({
    // An absent section is an empty one, so that each setting missing in it is named.
    http: http.prefault({}),
    database: z.preprocess(orEmpty, database),
    context: z.preprocess(orEmpty, context),
    encryption: z.preprocess(orEmpty, encryption),
    session: session.prefault({}),
    token: token.prefault({}),
    log: log.prefault({}),
    provider: provider.prefault({}),
    internal: internal.prefault({}),
    mail: mail.prefault({}),
    signIn: signIn.prefault({}),
    passwords: passwords.prefault({}),
    audit: audit.prefault({}),
    billing: billing.prefault({}),
    inbound: inbound.prefault({}),
    lab: lab.prefault({}),
    limits: limits.prefault({}),
    redis: redis.prefault({}),
    secrets: secrets.prefault({}),
  })
  .superRefine((config, issues) => {
    const message = labRefusal(config);
    if (message !== undefined) issues.addIssue({ code: 'custom', path: ['lab', 'enabled'], message });
    const open = sinkRefusal(config);
    if (open !== undefined) issues.addIssue({ code: 'custom', path: ['mail', 'sink'], message: open });
  });

function orEmpty(section: unknown): unknown {
  return section === undefined ? {} : section;
}

/** The server's configuration, checked. */
export type Config = z.output<typeof configSchema> & {
  /** Where its secrets were found; absent where no environment was read. */
  readonly secretSources?: readonly SecretSource[];
};
