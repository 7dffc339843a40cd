import type { TenantPool } from '@bulkhead/kernel';
import type { Program } from '../session/apiKeys.ts';
import type { RequestScope } from '../rpc/scope.ts';
import type { OriginLists } from './lists.ts';

/**
 * Refuses a call made by a page of another site unless the tenant it acts in allows that site; to be asked as soon as
 * the tenant is known, before anything is looked at or done there.
 *
 * @throws {RefusalError} `cross_origin_refused`, 403
 */
export type AssertOrigin = (scope: RequestScope, placed: Pick<Program, 'tenant' | 'actor'>) => Promise<void>;

export function createAssertOrigin(options: {
  db: Pick<TenantPool, 'as'>;
  lists: Pick<OriginLists, 'assertAllowed'>;
}): AssertOrigin {
  return async (scope, { tenant, actor }) => {
    const { origin } = scope;
    if (origin === undefined) return;
    const session = options.db.as({ tenant, actor: { kind: actor.kind, id: actor.id } });
    await options.lists.assertAllowed(origin, { tenant, session });
    scope.allowedOrigin = origin;
  };
}
