import {
  identityDependencies,
  PasswordHasher,
  signUp,
  type SignedUp,
} from '../../packages/platform/src/identity/index.ts';
import pg from 'pg';
import { testCipher } from './cipher.ts';
import type { TestDatabase } from './database.ts';

export type NewPerson = {
  email: string;
  password: string;
  name: string;
  tenantName: string;
  companyName?: string | undefined;
};

/** Argon2id at its least cost: what is tested is not how slow it is. */
const passwords = new PasswordHasher({ cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } });

/**
 * Makes an account with a proved address, and its tenant, as signing up by mail does; for tests of something else than
 * signing up.
 */
export async function makePerson(
  database: Pick<TestDatabase, 'connections' | 'sealer'>,
  person: NewPerson,
): Promise<SignedUp> {
  const pool = new pg.Pool({ ...database.connections.identity, max: 2 });
  try {
    const identity = identityDependencies({ pool, sealer: database.sealer, cipher: testCipher(), passwords });
    const made = await signUp(identity, person);
    await pool.query('update identity.account set email_verified_at = now() where id = $1', [made.accountId]);
    return made;
  } finally {
    await pool.end();
  }
}

/** The token of the newest message of a kind to an address, from the mail page of a server whose mail is a sink. */
export async function mailedToken(url: string, { to, kind }: { to: string; kind: string }): Promise<string> {
  const response = await fetch(`${url}/api/mail`);
  const { messages } = (await response.json()) as { messages: { to: string; kind: string; text: string }[] };
  const message = messages.find((candidate) => candidate.to === to && candidate.kind === kind);
  const token = /https?:\/\/\S+#(\S+)/.exec(message?.text ?? '')?.[1];
  if (token === undefined) throw new Error(`No ${kind} was mailed to ${to}.`);
  return token;
}
