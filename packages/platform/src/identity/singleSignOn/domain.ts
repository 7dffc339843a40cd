import { domainToASCII } from 'node:url';
import { PlatformError, translating } from '../../errors.ts';
import type { RandomBytes } from '../../random.ts';
import type { TenantSession } from '../../tenantSession.ts';
import { inTransaction } from '../../transaction.ts';
import type { IdentityDependencies } from '../dependencies.ts';

export type Domain = {
  id: string;
  name: string;
  /** The TXT record that proves it. */
  record: { name: string; value: string };
  createdAt: Date;
  /** null: not proved. */
  verifiedAt: Date | null;
  checkedAt: Date | null;
  /** Since when the record of a proved domain is missing; after seven days it is no longer proved. */
  failingSince: Date | null;
};

/** All TXT records of a name, each in its pieces, as `dns.resolveTxt` gives them. Rejects when there are none. */
export type ResolveTxt = (name: string) => Promise<readonly (readonly string[])[]>;

const refusals = {
  membership_authority: 'permission_refused',
  domain_limit: 'domain_limit',
  domain_missing: 'domain_missing',
  domain_name_unique: 'domain_exists',
  domain_name_form: 'domain_invalid',
  domain_owner_pkey: 'domain_taken',
  sign_in_policy_needs_connection: 'policy_without_way_in',
} as const;

export const recordName = (domain: string): string => `_bulkhead-challenge.${domain}`;
export const recordValue = (challenge: string): string => `bulkhead-domain=${challenge}`;

/** @throws PlatformError domain_invalid */
export function normaliseDomain(text: string): string {
  const name = domainToASCII(text.trim().replace(/\.$/, '')).toLowerCase();
  const form = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
  if (name.length > 240 || !form.test(name)) throw new PlatformError('domain_invalid', { field: 'name' });
  return name;
}

type DomainRow = {
  id: string;
  name: string;
  challenge: string;
  created_at: Date;
  verified_at: Date | null;
  checked_at: Date | null;
  failing_since: Date | null;
};

/** The tenant's domains by name. Tells nothing of any other tenant's. */
export async function listDomains(session: TenantSession): Promise<Domain[]> {
  const { rows } = await session.query<DomainRow>('select * from identity.domains()');
  return rows.map(({ challenge, ...row }) => ({
    id: row.id,
    name: row.name,
    record: { name: recordName(row.name), value: recordValue(challenge) },
    createdAt: row.created_at,
    verifiedAt: row.verified_at,
    checkedAt: row.checked_at,
    failingSince: row.failing_since,
  }));
}

/**
 * Names a domain; it counts once it is proved. Succeeds whoever else has named or proved it.
 *
 * @throws PlatformError domain_invalid, domain_exists, domain_limit, permission_refused
 */
export async function addDomain(
  { session, randomBytes }: { session: TenantSession; randomBytes: RandomBytes },
  { name }: { name: string },
): Promise<{ domainId: string }> {
  const challenge = Buffer.from(randomBytes(16)).toString('hex');
  const { rows } = await translating(refusals, () =>
    session.query<{ id: string }>('select identity.add_domain($1, $2) as id', [
      normaliseDomain(name),
      challenge,
    ]),
  );
  return { domainId: rows[0]?.id ?? '' };
}

/** @throws PlatformError domain_missing, policy_without_way_in, permission_refused */
export async function removeDomain(
  session: TenantSession,
  { domainId }: { domainId: string },
): Promise<void> {
  await translating(refusals, () => session.query('select identity.remove_domain($1)', [domainId]));
}

/**
 * Looks the record up and records the proof. Where another tenant holds the domain, it is taken over only when that
 * tenant's own record is gone; so nobody but who can write the domain's records learns that somebody holds it.
 *
 * @throws PlatformError domain_missing, domain_unproven, domain_taken, permission_refused
 */
export async function verifyDomain(
  identity: Pick<IdentityDependencies, 'pool' | 'sealer' | 'clock'>,
  { resolveTxt }: { resolveTxt: ResolveTxt },
  { tenantId, accountId, domainId }: { tenantId: string; accountId: string; domainId: string },
): Promise<void> {
  const { pool, sealer, clock } = identity;
  const context = sealer.seal({ tenant: tenantId, actor: { kind: 'account', id: accountId } });
  const named = await pool.query<{ name: string; challenge: string }>(
    'select name, challenge from identity.domain_of_context($1, $2)',
    [context, domainId],
  );
  const [domain] = named.rows;
  if (domain === undefined) throw new PlatformError('domain_missing');
  const records = await lookUp(resolveTxt, domain.name);
  if (!records.has(recordValue(domain.challenge))) throw new PlatformError('domain_unproven');
  const held = await pool.query<{ tenant_id: string; challenge: string }>(
    'select tenant_id, challenge from identity.domain_owner where name = $1 and tenant_id <> $2',
    [domain.name, tenantId],
  );
  const [holder] = held.rows;
  if (holder !== undefined && records.has(recordValue(holder.challenge)))
    throw new PlatformError('domain_taken');
  await translating(refusals, () =>
    inTransaction(pool, async (client) => {
      await client.query(`select set_config('bulkhead.context', $1, true)`, [context]);
      await client.query('select identity.verify_domain($1, $2, $3)', [
        domainId,
        new Date(clock()),
        holder?.tenant_id ?? null,
      ]);
    }),
  );
}

/** The name's records; none when they cannot be had, so that an unreachable DNS proves nothing. */
export async function lookUp(resolveTxt: ResolveTxt, domain: string): Promise<ReadonlySet<string>> {
  try {
    const records = await resolveTxt(recordName(domain));
    return new Set(records.map((pieces) => pieces.join('')));
  } catch {
    return new Set();
  }
}
