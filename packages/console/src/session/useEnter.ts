import { useNavigate } from '@tanstack/react-router';
import { useApiContext } from '../client/ApiProvider.tsx';
import { safeReturn } from './safeReturn.ts';
import type { Session } from './types.ts';

/** Goes on after sign-in or sign-up: to the page that asked for it, else to the overview. */
export function useEnter(returnTo: string | undefined) {
  const { account, forget } = useApiContext();
  const navigate = useNavigate();
  return async (session: Session): Promise<void> => {
    forget();
    account.cache.setQueryData(account.query.session.read.queryKey({ input: {} }), session);
    await navigate({ href: safeReturn(returnTo), replace: true });
  };
}
