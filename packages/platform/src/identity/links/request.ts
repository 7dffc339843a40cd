import type { ClientBase, Pool } from 'pg';
import { randomUuid } from '../../random.ts';
import type { FieldCipher } from '../../vault/index.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { linkLifetimes } from './token.ts';

/** What somebody typed who asked for a link. */
export type RequestDetails = {
  sign_up: {
    email: string;
    name: string;
    tenantName: string;
    companyName?: string | undefined;
    passwordHash: string;
    /** Base64url of the hash of the secret that the asking browser holds. */
    browserHash: string;
  };
  password_reset: { email: string };
  magic_link: { email: string; browserHash: string };
  email_change: { accountId: string; email: string };
};

export type RequestType = keyof RequestDetails;

const lifetimes: Readonly<Record<RequestType, number>> = {
  sign_up: linkLifetimes.sign_up,
  password_reset: linkLifetimes.password_reset,
  magic_link: linkLifetimes.magic_link,
  email_change: linkLifetimes.email_change,
};

/**
 * Notes that somebody asked for a link. All that a request does, whatever it asks for and whoever the address belongs
 * to: one row of the same form. Who is behind the address is looked up by the duty that answers (AUT-12).
 */
export async function storeRequest<Type extends RequestType>(
  { pool, clock, randomBytes, cipher }: IdentityDependencies,
  type: Type,
  detail: RequestDetails[Type],
): Promise<void> {
  const id = randomUuid(randomBytes);
  const now = clock();
  const sealed = cipher.encrypt(Buffer.from(JSON.stringify(detail)), bindingOf(type, id));
  await pool.query(
    'insert into identity.link_request (id, type, detail, created_at, expires_at) values ($1, $2, $3, $4, $5)',
    [id, type, sealed, new Date(now), new Date(now + lifetimes[type])],
  );
}

export type OpenRequest = { id: string; type: RequestType; detail: Buffer };

/** @throws VaultError when the detail was not written by this installation for this row */
export function openDetail<Type extends RequestType>(
  cipher: FieldCipher,
  type: Type,
  { id, detail }: { id: string; detail: Buffer },
): RequestDetails[Type] {
  return JSON.parse(cipher.decrypt(detail, bindingOf(type, id)).toString('utf8')) as RequestDetails[Type];
}

/** The detail of an answered sign-up that waits to be confirmed; undefined when there is none any more. */
export async function readSignUp(
  { cipher }: IdentityDependencies,
  database: Pool | ClientBase,
  id: string | null,
): Promise<RequestDetails['sign_up'] | undefined> {
  const { rows } = await database.query<{ detail: Buffer | null }>(
    `select detail from identity.link_request where id = $1 and type = 'sign_up'`,
    [id],
  );
  const detail = rows[0]?.detail;
  if (id === null || detail === null || detail === undefined) return undefined;
  return openDetail(cipher, 'sign_up', { id, detail });
}

function bindingOf(type: RequestType, id: string): readonly string[] {
  return ['identity.link_request', type, id];
}
