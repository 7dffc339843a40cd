import { ContextError, ContextSealer, type ActorKind, type ContextKey } from '@bulkhead/kernel';
import { usageFailure } from '../command-line/failure.ts';

export type MintRequest = {
  readonly tenant: string;
  /** Absent: all companies of the tenant. */
  readonly company?: string | undefined;
  readonly actor: { readonly kind: ActorKind; readonly id: string; readonly onBehalfOf?: string | undefined };
  /** 1 to 900. */
  readonly lifeSeconds: number;
};

/**
 * Seals a context.
 *
 * @throws CommandFailure (exit code 2) when an id is no lower-case UUID.
 */
export function mintContext(
  request: MintRequest,
  options: { readonly key: ContextKey; readonly clock: () => number },
): { token: string; expiresAt: string; keyId: string } {
  const { key, clock } = options;
  const sealer = new ContextSealer({ key, clock, lifetimeSeconds: request.lifeSeconds });
  try {
    const token = sealer.seal({ tenant: request.tenant, company: request.company, actor: request.actor });
    const expiry = Number(token.split('.')[2]);
    return { token, expiresAt: new Date(expiry * 1000).toISOString(), keyId: key.id };
  } catch (error) {
    if (error instanceof ContextError) throw usageFailure(`Not a context: ${error.message}.`);
    throw error;
  }
}
