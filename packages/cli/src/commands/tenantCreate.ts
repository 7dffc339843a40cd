import { ContextSealer } from '@bulkhead/kernel';
import {
  identityDependencies,
  parseEmail,
  signUp,
  type IdentityDependencies,
} from '@bulkhead/platform/identity';
import { createTenant } from '@bulkhead/platform/tenants';
import { PlatformError } from '@bulkhead/platform/errors';
import pg from 'pg';
import { defineCommand, exit } from '../command-line/command.ts';
import { CommandFailure, usageFailure } from '../command-line/failure.ts';
import { databaseOptions, withDatabase, type OpenDatabase } from '../database/openDatabase.ts';

export type TenantRequest = {
  readonly name: string;
  readonly companyName?: string | undefined;
  readonly ownerEmail: string;
  /** Given: the owner's account is made as well. */
  readonly newOwner?: { readonly name: string; readonly password: string } | undefined;
};

export type TenantCreated = {
  readonly tenantId: string;
  readonly companyId: string | null;
  readonly ownerAccountId: string;
};

async function findAccount(identity: IdentityDependencies, email: string): Promise<string> {
  const { rows } = await identity.pool.query<{ id: string }>(
    'select id from identity.account where email_normalised = $1 and disabled_at is null',
    [parseEmail(email).normalised],
  );
  const [account] = rows;
  if (account !== undefined) return account.id;
  throw new CommandFailure('account_missing', `There is no account with the address ${email}.`, {
    hint: 'Give --owner-name and the password on stdin to make one, or let the person sign up first.',
  });
}

/**
 * Makes a tenant with its owner.
 *
 * @throws PlatformError or CommandFailure, as sign-up and tenant creation refuse
 */
export async function makeTenant(
  identity: IdentityDependencies,
  request: TenantRequest,
): Promise<TenantCreated> {
  const { name, companyName, ownerEmail, newOwner } = request;
  if (newOwner !== undefined) {
    const owner = { email: ownerEmail, name: newOwner.name, password: newOwner.password };
    const made = await signUp(identity, { ...owner, tenantName: name, companyName });
    return { tenantId: made.tenantId, companyId: made.companyId, ownerAccountId: made.accountId };
  }
  const ownerAccountId = await findAccount(identity, ownerEmail);
  return { ...(await createTenant(identity, { ownerAccountId, name, companyName })), ownerAccountId };
}

/** Runs `work` with what the identity slice needs, as bulkhead_identity. */
export async function withIdentity<Result>(
  database: OpenDatabase,
  work: (identity: IdentityDependencies) => Promise<Result>,
): Promise<Result> {
  const pool = new pg.Pool({ ...(await database.connection('identity')), max: 2 });
  // Without a listener a lost connection would end the process.
  pool.on('error', () => undefined);
  try {
    const sealer = new ContextSealer({ key: await database.contextKey() });
    return await work(identityDependencies({ pool, sealer }));
  } finally {
    await pool.end();
  }
}

export const tenantCreate = defineCommand({
  name: ['tenant', 'create'],
  summary: 'make a tenant and its owner',
  description:
    'The owner is an account that exists, or, with --owner-name, a new one whose password is read from stdin. ' +
    'Prints the ids.',
  options: {
    name: { kind: 'text', placeholder: 'NAME', summary: 'what people call it', required: true },
    owner: { kind: 'text', placeholder: 'EMAIL', summary: 'who owns it', required: true },
    'owner-name': {
      kind: 'text',
      placeholder: 'NAME',
      summary: 'makes the owner’s account, under this name',
    },
    company: { kind: 'text', placeholder: 'NAME', summary: 'its first company' },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead tenant create --name "Acme Ltd" --owner ann@acme.example --owner-name "Ann Acme" < password.txt',
      does: 'a tenant with a new owner',
    },
    {
      line: 'bulkhead tenant create --name "Acme Two" --owner ann@acme.example --company "Acme North"',
      does: 'a second tenant for an account that exists, with a first company',
    },
  ],
  async run(values, terminal) {
    const ownerName = values['owner-name'];
    const password = ownerName === undefined ? '' : (await terminal.input()).replace(/\r?\n$/, '');
    if (ownerName !== undefined && password === '') throw usageFailure('Give the owner’s password on stdin.');
    const newOwner = ownerName === undefined ? undefined : { name: ownerName, password };
    const request = { name: values.name, companyName: values.company, ownerEmail: values.owner, newOwner };
    try {
      const created = await withDatabase(values, terminal, (database) =>
        withIdentity(database, (identity) => makeTenant(identity, request)),
      );
      terminal.answer({ json: created, text: `Tenant ${created.tenantId}, owned by ${values.owner}.` });
      return exit.ok;
    } catch (error) {
      if (error instanceof PlatformError)
        throw new CommandFailure(error.code, error.message, { cause: error });
      throw error;
    }
  },
});
