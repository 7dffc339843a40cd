import type { ClientBase } from 'pg';
import { recordEvent } from '../event.ts';
import type { FactorNotice } from '../notices.ts';
import type { Device } from '../session.ts';
import type { FactorDependencies } from './dependencies.ts';

/** Who changes a factor, and from where. */
export type FactorActor = {
  accountId: string;
  device: Device;
  /** In which session: adding a factor proves it, and raises the session. Absent: an administrator's command. */
  sessionId?: string | undefined;
};

type FactorChange = FactorActor & {
  change: FactorNotice['change'];
  kind: FactorNotice['kind'];
  factorId?: string | undefined;
  label?: string | undefined;
};

const targets = {
  totp: 'identity.totp_factor',
  passkey: 'identity.passkey',
  recovery_code: 'identity.recovery_code',
} as const;

/** Writes the audit entry of a change and tells the account's owner of it, in the transaction of the change. */
export async function announceFactor(
  factors: Pick<FactorDependencies, 'sealer' | 'notices' | 'clock'>,
  client: ClientBase,
  { accountId, device, change, kind, factorId, label }: FactorChange,
): Promise<void> {
  const { ip, userAgent, requestId } = device;
  await recordEvent(factors, client, {
    accountId,
    action: `factor.${change}`,
    targetType: targets[kind],
    targetId: factorId,
    detail: { kind, ...(label === undefined ? {} : { label }) },
    request: { id: requestId, ip, userAgent },
  });
  const { rows } = await client.query<{ email: string; name: string }>(
    'select email, name from identity.account where id = $1',
    [accountId],
  );
  const [account] = rows;
  if (account === undefined) return;
  const at = new Date(factors.clock());
  await factors.notices.factorChanged(client, {
    accountId,
    ...account,
    at,
    change,
    kind,
    label,
    ip,
    userAgent,
  });
}
