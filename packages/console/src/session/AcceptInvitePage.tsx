import { Button, PasswordInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { readProblem } from '../problems/problem.ts';
import { EntryFrame } from './EntryFrame.tsx';

/** Takes the token from the address's fragment, which a browser never sends to a server or its log. */
export function AcceptInvitePage() {
  const { hash } = useLocation();
  const { account, choose } = useApiContext();
  const navigate = useNavigate();
  const [token, setToken] = useState(hash);
  const accept = useMutation({
    mutationFn: () => account.client.invite.accept({ token: token.trim() }),
    onSuccess: async ({ tenant }) => {
      await account.cache.invalidateQueries();
      choose({ tenant });
      await navigate({ to: '/', replace: true });
      announceDone('Welcome aboard.');
    },
    onError: async (error) => {
      if (readProblem(error).code !== 'signed_out') return;
      await navigate({ to: '/sign-in', search: { return: `/accept-invite#${token}` } });
    },
  });
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
        <PasswordInput
          label="Invite code"
          description="Filled in when you open the invite's link."
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoComplete="off"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the code', tabIndex: 0 }}
        />
        <Button type="submit" fullWidth loading={accept.isPending}>
          Join
        </Button>
      </form>
    </EntryFrame>
  );
}
