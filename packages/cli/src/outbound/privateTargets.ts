import { isIP } from 'node:net';
import type { ClientBase } from 'pg';
import { CommandFailure, usageFailure } from '../command-line/failure.ts';

/** A private place that is, or was, open for a tenant's outbound calls. */
export type OpenedTarget = {
  id: string;
  tenantId: string;
  range: string;
  ports: number[];
  reason: string;
  openedAt: Date;
  openedBy: string;
};

/** What is open, for one tenant or for all. @param client connected as bulkhead_owner */
export async function listPrivateTargets(
  client: Pick<ClientBase, 'query'>,
  tenant: string | undefined,
): Promise<OpenedTarget[]> {
  const { rows } = await client.query<OpenedTarget>(
    `select p.id, p.tenant_id as "tenantId", p.range::text, p.ports, p.reason, p.opened_at as "openedAt", p.opened_by as "openedBy"
     from edge.private_target p where p.closed_at is null and ($1::uuid is null or p.tenant_id = $1)
     order by p.opened_at, p.id`,
    [tenant ?? null],
  );
  return rows;
}

/**
 * Opens a private range for a tenant's outbound calls.
 *
 * @param client connected as bulkhead_owner; no other role may
 * @throws CommandFailure usage, private_target_range_width, private_target_tenant_fkey
 */
export async function openPrivateTarget(
  client: Pick<ClientBase, 'query'>,
  request: { tenant: string; range: string; ports: readonly number[]; reason: string },
): Promise<string> {
  const { tenant, range, ports, reason } = request;
  const [address = '', bits] = range.split('/');
  if (isIP(address) === 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) {
    throw usageFailure('--range takes an address or a range such as 10.2.0.0/24.');
  }
  if (ports.length === 0 || ports.some((port) => !Number.isInteger(port) || port < 1 || port > 65_535)) {
    throw usageFailure('--port takes 1 to 65535.');
  }
  try {
    const { rows } = await client.query<{ id: string }>(
      'select edge.open_private_target($1, $2::cidr, $3, $4) as id',
      [tenant, range, ports, reason],
    );
    return rows[0]?.id ?? '';
  } catch (error) {
    throw explain(error);
  }
}

/**
 * Closes what was opened; a running server's next call no longer goes there.
 *
 * @param client connected as bulkhead_owner; no other role may
 * @throws CommandFailure private_target_missing
 */
export async function closePrivateTarget(
  client: Pick<ClientBase, 'query'>,
  { target, reason }: { target: string; reason: string },
): Promise<void> {
  const { rows } = await client.query<{ closed: boolean }>(
    'select edge.close_private_target($1, $2) as closed',
    [target, reason],
  );
  if (rows[0]?.closed !== true) {
    throw new CommandFailure('private_target_missing', 'There is no such open place.', {
      hint: 'private-target list shows them.',
    });
  }
}

function explain(error: unknown): unknown {
  const { code, constraint } = error as { code?: string; constraint?: string };
  if (constraint === 'private_target_range_width') {
    return new CommandFailure(constraint, 'That range is too wide: at most /16, or /64 of IPv6.', {
      cause: error,
    });
  }
  if (constraint === 'private_target_tenant_fkey') {
    return new CommandFailure(constraint, 'There is no such tenant.', {
      hint: 'tenant list shows them.',
      cause: error,
    });
  }
  if (code === '22P02')
    return usageFailure('--range takes a range without bits to the right of its mask, e.g. 10.2.0.0/24.');
  return error;
}
