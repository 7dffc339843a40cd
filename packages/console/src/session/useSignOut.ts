import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useApiContext } from '../client/ApiProvider.tsx';
import { announceProblem } from '../problems/announce.ts';

/** Ends the session on the server, then forgets everything this page has read. */
export function useSignOut() {
  const { account, forget } = useApiContext();
  const navigate = useNavigate();
  return useMutation(
    {
      mutationFn: () => account.client.session.signOut({}),
      onSuccess: async () => {
        await navigate({ to: '/sign-in', search: {} });
        forget();
      },
      onError: announceProblem,
    },
    account.cache,
  );
}
