import pg from 'pg';
import { CommandFailure, errorCode, usageFailure } from '../command-line/failure.ts';
import { explainConnection } from '../database/bootstrap.ts';

const form = 'A database is named as postgres://user@host[:port]/name.';

/** Checks an address before anything is done with it. Its parts are never repeated: a password may be among them. */
export function checkAddress(text: string): URL {
  const url = URL.parse(text);
  if (url === null) {
    throw usageFailure(
      form,
      'In a user name or a password, write @ : / ? # % as %40 %3A %2F %3F %23 %25, or leave the password to PGPASSWORD.',
    );
  }
  if (!['postgres:', 'postgresql:'].includes(url.protocol)) throw usageFailure(form);
  return url;
}

/** What `pg` connects with: TLS as libpq understands `sslmode`, so that an address that psql takes works here too. */
export function connectionOf(url: URL): pg.ClientConfig {
  const given = new URL(url);
  if (given.searchParams.has('sslmode') && !given.searchParams.has('uselibpqcompat'))
    given.searchParams.set('uselibpqcompat', 'true');
  return { connectionString: given.href };
}

/** Whether libpq would try TLS and do without where the server has none. */
function prefersTls(config: pg.ClientConfig, host: string): boolean {
  const { connectionString, ssl } = config;
  if (connectionString === undefined || ssl !== undefined) return false;
  return !/[?&]ssl(?:mode)?=/.test(connectionString) && !/^(?:localhost|127\.|::1|\/)/.test(host);
}

/**
 * Connects as psql would.
 *
 * @throws CommandFailure when the database cannot be reached; never naming a password
 */
export async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const make = (extra: pg.ClientConfig): pg.Client => {
    const client = new pg.Client({
      application_name: 'bulkhead',
      connectionTimeoutMillis: 15_000,
      ...config,
      ...extra,
    });
    // Without a listener a lost connection would end the process.
    client.on('error', () => undefined);
    return client;
  };
  const plain = make({});
  if (prefersTls(config, plain.host)) {
    const encrypted = make({ ssl: { rejectUnauthorized: false } });
    try {
      await encrypted.connect();
      return encrypted;
    } catch (error) {
      if (!(error instanceof Error && /does not support SSL/.test(error.message)))
        throw explain(error, encrypted);
    }
  }
  try {
    await plain.connect();
    return plain;
  } catch (error) {
    throw explain(error, plain);
  }
}

function explain(error: unknown, { host, port, user = '', database = '' }: pg.Client): CommandFailure {
  const message = error instanceof Error ? error.message : '';
  if (errorCode(error) === '28000' && /no encryption/.test(message)) {
    return new CommandFailure(
      'database_wants_tls',
      `The server at ${host}:${port} takes encrypted connections only.`,
      {
        hint: 'Add ?sslmode=require to the address.',
        cause: error,
      },
    );
  }
  const explained = explainConnection(error, { host, port, user, database });
  if (explained.code !== 'database_missing') return explained;
  return new CommandFailure(explained.code, explained.message, { hint: 'Is the name right?', cause: error });
}
