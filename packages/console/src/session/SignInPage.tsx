import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useRef, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { useEnter } from './useEnter.ts';

export function SignInPage() {
  const search = useSearch({ from: '/sign-in' });
  const { account } = useApiContext();
  const enter = useEnter(search.return);
  const password = useRef<HTMLInputElement>(null);
  const signIn = useMutation({
    mutationFn: (input: { email: string; password: string }) => account.client.session.signIn(input),
    onSuccess: enter,
    onError: () => password.current?.select(),
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    signIn.mutate({ email: textOf(form, 'email'), password: String(form.get('password') ?? '') });
  }
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
      <form onSubmit={submit}>
        {signIn.error === null ? null : <ProblemNotice error={signIn.error} />}
        <TextInput
          label="Email"
          name="email"
          type="email"
          autoComplete="username"
          required
          autoFocus
          withAsterisk={false}
        />
        <PasswordInput
          ref={password}
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password', tabIndex: 0 }}
        />
        <Button type="submit" fullWidth loading={signIn.isPending}>
          Sign in
        </Button>
      </form>
    </EntryFrame>
  );
}
