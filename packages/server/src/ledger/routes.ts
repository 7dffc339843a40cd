import { formatKeys } from '@bulkhead/platform/audit/ledger';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/schema.ts';
import { ledgerIdentity } from './duties.ts';

/**
 * `/.well-known/bulkhead-audit-keys`: the public keys of the audit log's checkpoints, one verifier key a line
 * (c2sp.org/signed-note), newest first. Empty on a server that signs none.
 */
export function mountAuditKeys(app: FastifyInstance, config: Pick<Config, 'audit'>): void {
  const identity = ledgerIdentity(config);
  const lines = identity === undefined ? '' : `${formatKeys(identity).join('\n')}\n`;
  app.get('/.well-known/bulkhead-audit-keys', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=300').type('text/plain; charset=utf-8').send(lines),
  );
}
