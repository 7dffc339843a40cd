import { useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import type { Membership, Session } from '../session/types.ts';
import type { Stay } from './types.ts';

/** What stands for a membership while an operator is in a tenant. */
export type OperatorPlace = Pick<Membership, 'tenant' | 'permissions'> & { role: 'operator' };

const minute = 60_000;

/**
 * The stay of the session's operator in a tenant, asked for again every minute: the tenant may end it.
 *
 * @param tenant one the session is no member of; undefined: nothing to ask for
 */
export function useStay(
  session: Session,
  tenant: string | undefined,
): { stay: Stay | null; asking: boolean } {
  const { account } = useApiContext();
  const enabled = session.account.operator && tenant !== undefined;
  const { data, isPending } = useQuery(
    account.query.operator.stay.queryOptions({
      input: { tenant: tenant ?? '' },
      enabled,
      refetchInterval: minute,
      staleTime: minute,
    }),
    account.cache,
  );
  return { stay: enabled ? (data?.stay ?? null) : null, asking: enabled && isPending };
}

export function placeOf(stay: Stay | null): OperatorPlace | undefined {
  if (stay === null) return undefined;
  return { tenant: stay.tenant, permissions: stay.permissions, role: 'operator' };
}
