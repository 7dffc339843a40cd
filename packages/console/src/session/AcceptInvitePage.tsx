import { Button, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { readProblem } from '../problems/problem.ts';
import { challengeOf, SecondFactorStep } from '../security/SecondFactorStep.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { useLinkToken } from './linkToken.ts';
import { missingCharacters, NewPasswordField } from './NewPasswordField.tsx';
import { useEnter } from './useEnter.ts';

/** Shows what the invite leads to; joins with the account of the invited address, or makes one. */
export function AcceptInvitePage() {
  const { account } = useApiContext();
  const [token, forget] = useLinkToken('invite');
  const invite = useQuery(
    {
      queryKey: ['invite', token],
      queryFn: () => account.client.invite.view({ token }),
      enabled: token !== '',
      retry: false,
    },
    account.cache,
  );
  return (
    <EntryFrame title="You are invited" foot="An invite works once, and only for the address it was sent to.">
      {token === '' ? <p>Open the link in the mail that invites you.</p> : null}
      {invite.error === null ? null : <ProblemNotice error={invite.error} />}
      {invite.data === undefined ? null : (
        <>
          <p>
            <strong>{invite.data.tenantName}</strong> invites <strong>{invite.data.email}</strong>.
          </p>
          {invite.data.hasAccount ? (
            <JoinForm token={token} onJoined={forget} />
          ) : (
            <NewMemberForm token={token} onJoined={forget} />
          )}
        </>
      )}
    </EntryFrame>
  );
}

type FormProps = { token: string; onJoined: () => void };

function JoinForm({ token, onJoined }: FormProps) {
  const { account, choose } = useApiContext();
  const navigate = useNavigate();
  const join = useMutation({
    mutationFn: () => account.client.invite.accept({ token }),
    onSuccess: async ({ tenant }) => {
      onJoined();
      // The session as it was read before lacks the new membership.
      account.cache.clear();
      choose({ tenant });
      await navigate({ to: '/', replace: true });
      announceDone('Welcome aboard.');
    },
    onError: async (error) => {
      if (readProblem(error).code !== 'signed_out') return;
      await navigate({ to: '/sign-in', search: { return: '/accept-invite' } });
    },
  });
  return (
    <>
      {join.error === null ? null : <ProblemNotice error={join.error} />}
      <Button fullWidth loading={join.isPending} onClick={() => join.mutate()}>
        Join
      </Button>
    </>
  );
}

function NewMemberForm({ token, onJoined }: FormProps) {
  const { account } = useApiContext();
  const enter = useEnter(undefined);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [sent, setSent] = useState(false);
  const [challenge, setChallenge] = useState<string>();
  const signUp = useMutation({
    mutationFn: () => account.client.invite.signUp({ token, name: name.trim(), password }),
    onSuccess: async (session) => {
      onJoined();
      await enter(session);
      announceDone('Welcome aboard.');
    },
    onError: (error) => setChallenge(challengeOf(error)),
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    setSent(true);
    if (missingCharacters(password) === 0) signUp.mutate();
  }
  if (challenge !== undefined) {
    return (
      <SecondFactorStep challenge={challenge} onEnter={enter} onRestart={() => setChallenge(undefined)} />
    );
  }
  return (
    <form onSubmit={submit}>
      {signUp.error === null ? null : <ProblemNotice error={signUp.error} />}
      {readProblem(signUp.error).code === 'email_taken' ? <Link to="/sign-in">Sign in</Link> : null}
      <TextInput
        label="Your name"
        autoComplete="name"
        maxLength={200}
        required
        withAsterisk={false}
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NewPasswordField value={password} sent={sent} onChange={setPassword} />
      <Button type="submit" fullWidth loading={signUp.isPending}>
        Create account and join
      </Button>
    </form>
  );
}
