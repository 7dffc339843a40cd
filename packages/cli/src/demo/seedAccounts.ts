import { createHash } from 'node:crypto';
import type { TenantPool } from '@bulkhead/kernel';
import { acceptInvite, inviteWithoutMail } from '@bulkhead/platform/access';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import { createCompany, createTenant, listCompanies } from '@bulkhead/platform/tenants';
import { advisor, demoPassword, type CastTenant, type Part, type Person } from './cast.ts';

/** The same bytes for the same label on every machine, so that the demo's ids never change. */
export function bytesFor(label: string): (size: number) => Uint8Array {
  let count = 0;
  return (size) => {
    count += 1;
    return createHash('sha512').update(`${label}\0${count}`).digest().subarray(0, size);
  };
}

function idFor(label: string): string {
  const bytes = Buffer.from(bytesFor(label)(16));
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export type SeededCompany = { readonly id: string; readonly name: string };

export type SeededTenant = {
  readonly id: string;
  readonly name: string;
  readonly ownerAccountId: string;
  readonly companies: readonly SeededCompany[];
};

export type Seeding = { readonly identity: IdentityDependencies; readonly db: TenantPool };

/** An account with the demo's password and a verified address. */
async function makeAccount({ identity }: Seeding, person: Person): Promise<string> {
  const id = idFor(person.email);
  const hash = await identity.passwords.hash(demoPassword);
  const now = new Date(identity.clock());
  // One statement, so that a start which is cut off leaves no account without a password.
  await identity.pool.query(
    `with made as (
       insert into identity.account (id, email, email_normalised, name, created_at) values ($1, $2, $2, $3, $4)
     )
     insert into identity.password (account_id, hash, changed_at) values ($1, $5, $4)`,
    [id, person.email, person.name, now, hash],
  );
  await identity.pool.query('update identity.account set email_verified_at = $2 where id = $1', [id, now]);
  return id;
}

async function join(
  seeding: Seeding,
  tenant: SeededTenant,
  member: Part & { accountId: string },
): Promise<void> {
  const { identity, db } = seeding;
  const session = db.as({ tenant: tenant.id, actor: { kind: 'account', id: tenant.ownerAccountId } });
  const named = tenant.companies.filter(({ name }) => member.companies?.includes(name) === true);
  const { token } = await inviteWithoutMail(
    { session, clock: identity.clock, randomBytes: identity.randomBytes },
    {
      email: member.email,
      role: 'member',
      moduleRoles: member.moduleRoles,
      companyIds: member.companies === undefined ? null : named.map(({ id }) => id),
    },
  );
  await acceptInvite(identity, { token, accountId: member.accountId });
}

async function seedTenant(seeding: Seeding, cast: CastTenant): Promise<SeededTenant> {
  const { identity, db } = seeding;
  const [ownerAccountId, ...memberIds] = await Promise.all(
    [cast.owner, ...cast.members].map((person) => makeAccount(seeding, person)),
  );
  if (ownerAccountId === undefined) throw new Error(`${cast.name} has no owner`);
  const [first, second] = cast.companies;
  const { tenantId: id } = await createTenant(
    { ...identity, randomBytes: bytesFor(cast.name) },
    { ownerAccountId, name: cast.name, companyName: first },
  );
  const session = db.as({ tenant: id, actor: { kind: 'account', id: ownerAccountId } });
  await createCompany(session, { name: second });
  const companies = await listCompanies(session);
  const tenant = { id, name: cast.name, ownerAccountId, companies };
  await Promise.all(
    cast.members.map((member, index) =>
      join(seeding, tenant, { ...member, accountId: memberIds[index] ?? '' }),
    ),
  );
  return tenant;
}

/** Makes the demo's accounts, tenants, companies and memberships. */
export async function seedAccounts(seeding: Seeding, cast: readonly CastTenant[]): Promise<SeededTenant[]> {
  const tenants = await Promise.all(cast.map((tenant) => seedTenant(seeding, tenant)));
  const accountId = await makeAccount(seeding, advisor);
  for (const [index, tenant] of tenants.entries()) {
    if (cast[index]?.advised === true) await join(seeding, tenant, { ...advisor, accountId });
  }
  return tenants;
}
