import {
  identityDependencies,
  PasswordHasher,
  signUp,
  type SignedUp,
} from '../../packages/platform/src/identity/index.ts';
import pg from 'pg';
import { testCipher } from './cipher.ts';
import type { TestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

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

export type Mailed = { to: string; kind: string };

/** The token of the newest message of a kind to an address, on the mail page of a server whose mail is a sink. */
export async function mailedToken(url: string, mailed: Mailed): Promise<string> {
  const token = await findMailedToken(url, mailed);
  if (token === undefined) throw new Error(`No ${mailed.kind} was mailed to ${mailed.to}.`);
  return token;
}

async function findMailedToken(url: string, { to, kind }: Mailed): Promise<string | undefined> {
  const response = await fetch(`${url}/api/mail`);
  if (!response.ok) throw new Error(`the mail page answered ${response.status}: ${await response.text()}`);
  const { messages } = (await response.json()) as { messages: { to: string; kind: string; text: string }[] };
  const message = messages.find((candidate) => candidate.to === to && candidate.kind === kind);
  return /https?:\/\/\S+#(\S+)/.exec(message?.text ?? '')?.[1];
}

/** The same, once the duty that answers requests for links has sent it. */
export function awaitMailedToken(url: string, mailed: Mailed): Promise<string> {
  return eventually(() => findMailedToken(url, mailed), { what: `a ${mailed.kind} mailed to ${mailed.to}` });
}

export type SignedUpByMail = {
  /** All cookies as a Cookie header. */
  cookie: string;
  session: { account: { id: string }; memberships: { tenant: { id: string } }[] };
};

/** Signs somebody up over HTTP, reads the mail and follows its link, on a server whose mail is a sink. */
export async function signUpByMail(url: string, person: NewPerson): Promise<SignedUpByMail> {
  const asked = await post(`${url}/api/sign-up`, person);
  if (asked.status !== 202) throw new Error(`sign-up answered ${asked.status}: ${await asked.text()}`);
  const token = await awaitMailedToken(url, { to: person.email, kind: 'sign_up' });
  const confirmed = await post(`${url}/api/sign-up/confirm`, { token }, cookiesOf(asked));
  if (confirmed.status !== 201) {
    throw new Error(`its confirmation answered ${confirmed.status}: ${await confirmed.text()}`);
  }
  const session = (await confirmed.json()) as SignedUpByMail['session'];
  return { cookie: cookiesOf(confirmed), session };
}

function post(url: string, body: object, cookie?: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      origin: new URL(url).origin,
      'sec-fetch-site': 'same-origin',
      ...(cookie === undefined ? {} : { cookie }),
    },
    body: JSON.stringify(body),
  });
}

/** The cookies that an answer sets, without those it takes back. */
function cookiesOf({ headers }: Response): string {
  const set = headers.getSetCookie().filter((line) => !line.includes('Max-Age=0'));
  return set.map((line) => line.split(';')[0]).join('; ');
}
