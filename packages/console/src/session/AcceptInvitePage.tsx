import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { readProblem } from '../problems/problem.ts';
import { EntryFrame } from './EntryFrame.tsx';
import { SecretField } from './SecretField.tsx';

/** Where the token waits while its owner signs in; never in an address that a server would log. */
const storageKey = 'bulkhead-invite';

/** Takes the token from the address's fragment, which a browser never sends to a server. */
export function AcceptInvitePage() {
  const { hash } = useLocation();
  const [token, setToken] = useState(() =>
    hash === '' ? (window.sessionStorage.getItem(storageKey) ?? '') : hash,
  );
  const accept = useAcceptance(token.trim());
  function submit(event: FormEvent): void {
    event.preventDefault();
    accept.mutate();
  }
  return (
    <EntryFrame
      title="Accept an invite"
      foot="An invite works once, and only for the address it was sent to."
    >
      <form onSubmit={submit}>
        {accept.error === null ? null : <ProblemNotice error={accept.error} />}
        <SecretField
          label="Invite code"
          description="Filled in when you open the invite's link."
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoComplete="off"
        />
        <Button type="submit" fullWidth loading={accept.isPending}>
          Join
        </Button>
      </form>
    </EntryFrame>
  );
}

function useAcceptance(token: string) {
  const { account, choose } = useApiContext();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => account.client.invite.accept({ token }),
    onSuccess: async ({ tenant }) => {
      window.sessionStorage.removeItem(storageKey);
      // The session as it was read before lacks the new membership.
      account.cache.clear();
      choose({ tenant });
      await navigate({ to: '/', replace: true });
      announceDone('Welcome aboard.');
    },
    onError: async (error) => {
      if (readProblem(error).code !== 'signed_out') return;
      window.sessionStorage.setItem(storageKey, token);
      await navigate({ to: '/sign-in', search: { return: '/accept-invite' } });
    },
  });
}
