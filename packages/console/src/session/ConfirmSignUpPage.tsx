import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { readProblem } from '../problems/problem.ts';
import { EntryFrame } from './EntryFrame.tsx';
import { useLinkToken } from './linkToken.ts';
import { SecretField } from './SecretField.tsx';
import { useEnter } from './useEnter.ts';

/** Makes the account. In another browser than the one that signed up, only with the password chosen there. */
export function ConfirmSignUpPage() {
  const { account } = useApiContext();
  const enter = useEnter(undefined);
  const [token, forget] = useLinkToken('sign-up');
  const [password, setPassword] = useState<string>();
  const confirm = useMutation({
    mutationFn: () =>
      account.client.signUp.confirm({ token, ...(password === undefined ? {} : { password }) }),
    onSuccess: async (session) => {
      forget();
      await enter(session);
    },
    onError: (error) => {
      if (readProblem(error).code === 'password_required') setPassword('');
    },
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    confirm.mutate();
  }
  return (
    <EntryFrame title="Confirm your account" foot={<Link to="/sign-in">Go to sign-in</Link>}>
      <form onSubmit={submit}>
        {confirm.error === null ? null : <ProblemNotice error={confirm.error} />}
        {password === undefined ? (
          <p>One click, and your account and your organisation are there.</p>
        ) : (
          <SecretField
            label="Password"
            description="The one you chose when you signed up, in another browser."
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
        )}
        <Button type="submit" fullWidth loading={confirm.isPending}>
          Confirm
        </Button>
      </form>
    </EntryFrame>
  );
}
