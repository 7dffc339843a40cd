import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { useSession } from '../session/SessionGate.tsx';

/** Names of the tenant's present members by account id; empty for roles that may not read them. */
export function useMemberNames(): ReadonlyMap<string, string> {
  const { tenant } = useApiContext();
  const { may, session } = useSession();
  const members = useQuery(
    tenant.query.member.list.queryOptions({
      input: {},
      enabled: may('access:member.read'),
      staleTime: 60_000,
    }),
    tenant.cache,
  );
  return useMemo(() => {
    const names = new Map([[session.account.id, session.account.name]]);
    for (const { account } of members.data?.members ?? []) names.set(account.id, account.name);
    return names;
  }, [members.data, session]);
}
