import { ContextError, openContext, type ContextKey } from '@bulkhead/kernel';

/** What a token says, or why it is refused. */
export type Inspection =
  | {
      readonly valid: true;
      readonly tenant: string;
      readonly company: string | null;
      readonly actor: { readonly kind: string; readonly id: string; readonly onBehalfOf: string | null };
      readonly keyId: string;
      readonly expiresAt: string;
    }
  | { readonly valid: false; readonly code: string; readonly reason: string };

/** Checks a token as the database would, and reads it. */
export function inspectContext(
  token: string,
  options: { readonly keys: readonly ContextKey[]; readonly clock: () => number },
): Inspection {
  try {
    const { tenant, company, actor, keyId, expiresAt } = openContext(token, options);
    return {
      valid: true,
      tenant,
      company: company ?? null,
      actor: { kind: actor.kind, id: actor.id, onBehalfOf: actor.onBehalfOf ?? null },
      keyId,
      expiresAt: expiresAt.toISOString(),
    };
  } catch (error) {
    if (error instanceof ContextError) return { valid: false, code: error.code, reason: error.message };
    throw error;
  }
}
