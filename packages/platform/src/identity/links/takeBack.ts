import type { ClientBase } from 'pg';
import { announceFactor } from '../factor/announce.ts';
import { factorKinds } from '../factor/factors.ts';
import type { Device } from '../session.ts';
import { unlinkProvider } from '../singleSignOn/link.ts';
import type { LinkDependencies } from './dependencies.ts';

type Intrusion = { accountId: string; since: Date; device: Device };

/**
 * Takes back what was added to an account since an instant and would let whoever added it in again, or keep its owner
 * out: authenticator apps, passkeys, providers, recovery codes. What its organisation manages stays.
 */
export async function takeBackAdded(
  links: LinkDependencies,
  client: ClientBase,
  { accountId, since, device }: Intrusion,
): Promise<void> {
  const now = new Date(links.clock());
  const { rows: factors } = await client.query<{ id: string; kind: 'totp' | 'passkey'; label: string }>(
    `with app as (
       update identity.totp_factor set removed_at = $3, secret_encrypted = null
       where account_id = $1 and created_at >= $2 and removed_at is null returning id, label
     ), key as (
       update identity.passkey set removed_at = $3
       where account_id = $1 and created_at >= $2 and removed_at is null returning id, label
     )
     select id, 'totp' as kind, label from app union all select id, 'passkey', label from key`,
    [accountId, since, now],
  );
  for (const { id: factorId, kind, label } of factors) {
    // oxlint-disable-next-line no-await-in-loop -- one connection takes one statement after another
    await announceFactor(links, client, { accountId, device, change: 'remove', kind, factorId, label });
  }
  const left = await factorKinds(client, accountId);
  await client.query(
    `update identity.recovery_code set withdrawn_at = $3
     where account_id = $1 and ($4 or created_at >= $2) and used_at is null and withdrawn_at is null`,
    [accountId, since, now, left.length === 0],
  );
  const { rows: providers } = await client.query<{ id: string }>(
    'select id from identity.provider_link where account_id = $1 and connection_id is null and created_at >= $2',
    [accountId, since],
  );
  for (const { id: linkId } of providers) {
    // oxlint-disable-next-line no-await-in-loop -- one connection takes one statement after another
    await unlinkProvider(links, client, { accountId, linkId, device });
  }
}
