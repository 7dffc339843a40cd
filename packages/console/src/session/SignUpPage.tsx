import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { textOf } from '../elements/form.ts';
import { useFirstFocus } from '../elements/useFirstFocus.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { MailSent } from './MailSent.tsx';
import { missingCharacters, NewPasswordField } from './NewPasswordField.tsx';

type NewAccount = Parameters<Client['signUp']['request']>[0];

export function SignUpPage() {
  const search = useSearch({ from: '/sign-up' });
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
      <SignUpForm />
    </EntryFrame>
  );
}

function SignUpForm() {
  const { account } = useApiContext();
  const [password, setPassword] = useState('');
  const [sent, setSent] = useState(false);
  const signUp = useMutation({
    mutationFn: (input: NewAccount) => account.client.signUp.request(input),
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    setSent(true);
    if (missingCharacters(password) === 0)
      signUp.mutate(readAccount(new FormData(event.currentTarget), password));
  }
  if (signUp.isSuccess) {
    return <MailSent email={signUp.variables.email}>A link to confirm your account is on its way.</MailSent>;
  }
  return (
    <form onSubmit={submit}>
      {signUp.error === null ? null : <ProblemNotice error={signUp.error} />}
      <AccountFields />
      <NewPasswordField value={password} sent={sent} onChange={setPassword} />
      <Button type="submit" fullWidth loading={signUp.isPending}>
        Create account
      </Button>
    </form>
  );
}

function AccountFields() {
  const name = useFirstFocus();
  const needed = { required: true, withAsterisk: false };
  return (
    <>
      <TextInput ref={name} label="Your name" name="name" autoComplete="name" maxLength={200} {...needed} />
      <TextInput
        label="Organisation"
        name="tenantName"
        autoComplete="organization"
        maxLength={200}
        {...needed}
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
        {...needed}
      />
    </>
  );
}

function readAccount(form: FormData, password: string): NewAccount {
  const companyName = textOf(form, 'companyName');
  return {
    name: textOf(form, 'name'),
    tenantName: textOf(form, 'tenantName'),
    email: textOf(form, 'email'),
    password,
    ...(companyName === '' ? {} : { companyName }),
  };
}
