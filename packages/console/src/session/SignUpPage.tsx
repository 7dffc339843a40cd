import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { textOf } from '../elements/form.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { useEnter } from './useEnter.ts';

/** Characters a password has at least when it is the only factor (NIST SP 800-63B-4). */
const shortestPassword = 15;

type NewAccount = Parameters<Client['session']['signUp']>[0];

export function SignUpPage() {
  const search = useSearch({ from: '/sign-up' });
  const { account } = useApiContext();
  const enter = useEnter(search.return);
  const [password, setPassword] = useState('');
  const [touched, setTouched] = useState(false);
  const missing = shortestPassword - [...password].length;
  const signUp = useMutation({
    mutationFn: (input: NewAccount) => account.client.session.signUp(input),
    onSuccess: enter,
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    setTouched(true);
    if (missing > 0) return;
    const form = new FormData(event.currentTarget);
    const companyName = textOf(form, 'companyName');
    signUp.mutate({
      name: textOf(form, 'name'),
      tenantName: textOf(form, 'tenantName'),
      ...(companyName === '' ? {} : { companyName }),
      email: textOf(form, 'email'),
      password,
    });
  }
  return (
    <EntryFrame
      title="Create an account"
      foot={
        <>
          Have one already?{' '}
          <Link to="/sign-in" search={search}>
            Sign in
          </Link>
        </>
      }
    >
      <form onSubmit={submit}>
        {signUp.error === null ? null : <ProblemNotice error={signUp.error} />}
        <TextInput
          label="Your name"
          name="name"
          autoComplete="name"
          maxLength={200}
          required
          autoFocus
          withAsterisk={false}
        />
        <TextInput
          label="Organisation"
          name="tenantName"
          autoComplete="organization"
          maxLength={200}
          required
          withAsterisk={false}
        />
        <TextInput
          label="First company (optional)"
          description="A legal entity whose books you keep. More can follow."
          name="companyName"
          maxLength={200}
        />
        <TextInput
          label="Email"
          name="email"
          type="email"
          autoComplete="username"
          maxLength={254}
          required
          withAsterisk={false}
        />
        <PasswordInput
          label="Password"
          description={passwordRule(missing, password !== '')}
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={password}
          error={
            touched && missing > 0
              ? `Too short: ${missing} more ${missing === 1 ? 'character' : 'characters'} needed.`
              : null
          }
          onChange={(event) => setPassword(event.currentTarget.value)}
          onBlur={() => setTouched(password !== '')}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide the password', tabIndex: 0 }}
        />
        <Button type="submit" fullWidth loading={signUp.isPending}>
          Create account
        </Button>
      </form>
    </EntryFrame>
  );
}

function passwordRule(missing: number, started: boolean): string {
  const rule = `At least ${shortestPassword} characters. Any characters; a few plain words in a row are good, common passwords are refused.`;
  if (!started) return rule;
  return missing > 0 ? `${rule} ${missing} to go.` : `${rule} Long enough.`;
}
