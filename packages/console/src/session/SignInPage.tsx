import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useRef, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf, typedText } from '../elements/form.ts';
import { useFirstFocus } from '../elements/useFirstFocus.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { SecretField } from './SecretField.tsx';
import { useEnter } from './useEnter.ts';

export function SignInPage() {
  const search = useSearch({ from: '/sign-in' });
  return (
    <EntryFrame
      title="Sign in"
      foot={
        <>
          New here?{' '}
          <Link to="/sign-up" search={search}>
            Create an account
          </Link>
        </>
      }
    >
      <SignInForm returnTo={search.return} />
    </EntryFrame>
  );
}

function SignInForm({ returnTo }: { returnTo: string | undefined }) {
  const { account } = useApiContext();
  const enter = useEnter(returnTo);
  const email = useFirstFocus();
  const password = useRef<HTMLInputElement>(null);
  const signIn = useMutation({
    mutationFn: (input: { email: string; password: string }) => account.client.session.signIn(input),
    onSuccess: enter,
    onError: () => password.current?.select(),
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    signIn.mutate({ email: textOf(form, 'email'), password: typedText(form, 'password') });
  }
  return (
    <form onSubmit={submit}>
      {signIn.error === null ? null : <ProblemNotice error={signIn.error} />}
      <TextInput
        ref={email}
        label="Email"
        name="email"
        type="email"
        autoComplete="username"
        required
        withAsterisk={false}
      />
      <SecretField ref={password} label="Password" name="password" autoComplete="current-password" />
      <Button type="submit" fullWidth loading={signIn.isPending}>
        Sign in
      </Button>
    </form>
  );
}
