import { translating } from '../errors.ts';
import { parseName } from '../name.ts';
import { randomUuid } from '../random.ts';
import { insertTenant } from '../tenants/insertTenant.ts';
import { inTransaction } from '../transaction.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { parseEmail } from './email.ts';
import { acceptNewPassword } from './newPassword.ts';
import type { Device, StartedSession } from './session.ts';
import { startSession } from './startSession.ts';

export type SignUp = {
  email: string;
  password: string;
  /** The person's name. */
  name: string;
  tenantName: string;
  companyName?: string | undefined;
  /** Given: a session starts. Absent: none does (an administrator signs somebody up). */
  device?: Device | undefined;
};

export type SignedUp = {
  accountId: string;
  tenantId: string;
  companyId: string | null;
  session: StartedSession | null;
};

/**
 * Makes an account and a tenant that it owns, in one transaction: all of it or nothing. The password is judged and
 * hashed before the address is looked at, so that the time taken does not depend on it.
 *
 * @throws PlatformError email_invalid, email_taken, password_short, password_long, password_invalid, password_common,
 *   password_breached, input_invalid, busy
 */
export async function signUp(identity: IdentityDependencies, input: SignUp): Promise<SignedUp> {
  const email = parseEmail(input.email);
  const name = parseName(input.name, 'name');
  const tenantName = parseName(input.tenantName, 'tenantName');
  const companyName =
    input.companyName === undefined ? undefined : parseName(input.companyName, 'companyName');
  const password = await acceptNewPassword(identity, input.password, {
    words: [email.address, name, tenantName, companyName ?? ''],
  });
  const hash = await identity.passwords.hash(password);
  const accountId = randomUuid(identity.randomBytes);
  const now = new Date(identity.clock());
  return translating({ account_email_unique: 'email_taken' }, () =>
    inTransaction(identity.pool, async (client) => {
      await client.query(
        `insert into identity.account (id, email, email_normalised, name, created_at) values ($1, $2, $3, $4, $5)`,
        [accountId, email.address, email.normalised, name, now],
      );
      await client.query('insert into identity.password (account_id, hash, changed_at) values ($1, $2, $3)', [
        accountId,
        hash,
        now,
      ]);
      const tenant = { ownerAccountId: accountId, name: tenantName, companyName };
      const created = await insertTenant(identity, client, tenant);
      const session =
        input.device === undefined
          ? null
          : await startSession(identity, client, { accountId, device: input.device, methods: ['pwd'] });
      return { accountId, ...created, session };
    }),
  );
}
