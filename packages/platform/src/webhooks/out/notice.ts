import type { Pool } from 'pg';
import { noTenant } from '../../identity/noTenant.ts';
import { quotedName, type Mailer } from '../../mail/index.ts';
import type { Sealer } from '../../sealer.ts';
import { inTransaction } from '../../transaction.ts';

export type WebhookNotices = {
  /** Connected as bulkhead_worker. */
  pool: Pool;
  sealer: Sealer;
  mailer: Mailer;
};

type Notice = { url: string; reason: 'failing' | 'gone' | 'person'; tenant_name: string; emails: string[] };

const reasons = {
  failing: 'It took none of our messages for three days.',
  gone: 'It answered that it is gone (410).',
  person: 'It was switched off.',
};

/**
 * Tells owners and admins, by mail, of one endpoint that was switched off by itself.
 *
 * @returns `'again'` when there may be another
 */
export async function tellOfDisabledEndpoint({
  pool,
  sealer,
  mailer,
}: WebhookNotices): Promise<'again' | undefined> {
  return inTransaction(pool, async (client) => {
    const claimed = await client.query<{ endpoint_id: string; tenant_id: string }>(
      'select endpoint_id, tenant_id from webhooks.claim_notice()',
    );
    const due = claimed.rows[0];
    if (due === undefined) return undefined;
    const context = sealer.seal({ tenant: due.tenant_id, actor: { kind: 'service', id: noTenant } });
    const { rows } = await client.query<Notice>('select * from webhooks.open_notice($1, $2)', [
      context,
      due.endpoint_id,
    ]);
    for (const { emails, ...notice } of rows) {
      for (const to of emails) {
        // oxlint-disable-next-line no-await-in-loop -- one connection, one transaction
        await mailer.post(client, { kind: 'webhook_disabled', letter: letterTo(to, notice, mailer) });
      }
    }
    return 'again';
  });
}

function letterTo(to: string, { url, reason, tenant_name: tenant }: Omit<Notice, 'emails'>, mailer: Mailer) {
  return {
    to,
    subject: 'A webhook endpoint was switched off',
    paragraphs: [
      `A webhook endpoint of ${quotedName(tenant)} is switched off: ${quotedName(new URL(url).host)}. ${reasons[reason]}`,
      'Nothing is lost yet: what was not delivered, and what happens meanwhile, is kept for 30 days. Once the receiver works again, switch the endpoint on and send the missed events again.',
    ],
    link: { label: 'See your webhooks', url: mailer.link('/webhooks') },
  };
}

const day = 24 * 3_600_000;
/** How long the log and what it tells of are kept. */
export const retention = 30 * day;

/** Deletes what was finished more than 30 days ago, 5,000 deliveries at once. @returns `'again'` when there may be more */
export async function purgeWebhooks({
  pool,
  clock,
}: {
  pool: Pool;
  clock: () => number;
}): Promise<'again' | undefined> {
  const { rows } = await pool.query<{ purged: string }>(
    'select webhooks.purge_deliveries($1, $2) as purged',
    [new Date(clock() - retention), 5000],
  );
  return Number(rows[0]?.purged ?? 0) === 5000 ? 'again' : undefined;
}
