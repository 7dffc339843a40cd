import { usageFailure } from '../command-line/failure.ts';

/** Where a database is. `administrator` is the user who may create roles, when one is named. */
export type DatabaseAddress = {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly administrator?: string;
};

/**
 * Reads `postgres://[administrator@]host[:port]/name`.
 *
 * @throws CommandFailure (exit code 2) when it is no such address, or carries a password: other
 * processes can read a command line. Its message never repeats the address.
 */
export function parseDatabaseAddress(text: string): DatabaseAddress {
  const url = URL.parse(text);
  const form = '--database takes postgres://[administrator@]host[:port]/name.';
  if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol) || url.hostname === '') {
    throw usageFailure(form);
  }
  if (url.password !== '') {
    throw usageFailure(
      'The address of the database holds a password, which other processes can read there.',
      'Leave it out and set PGPASSWORD, or put it into ~/.pgpass.',
    );
  }
  const name = decodeURIComponent(url.pathname.slice(1));
  if (name === '' || name.includes('/') || url.search !== '' || url.hash !== '') throw usageFailure(form);
  const administrator = decodeURIComponent(url.username);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    name,
    ...(administrator === '' ? {} : { administrator }),
  };
}
