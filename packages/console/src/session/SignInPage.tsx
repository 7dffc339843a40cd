import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useRef, useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf, typedText } from '../elements/form.ts';
import { useFirstFocus } from '../elements/useFirstFocus.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { PasskeySignIn } from '../security/PasskeySignIn.tsx';
import { challengeInAddress, challengeOf, SecondFactorStep } from '../security/SecondFactorStep.tsx';
import { ProviderSignIn } from '../single-sign-on/ProviderSignIn.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { useMailMode } from './MailSent.tsx';
import { SecretField } from './SecretField.tsx';
import type { Session } from './types.ts';
import { useEnter } from './useEnter.ts';

export function SignInPage() {
  const search = useSearch({ from: '/sign-in' });
  const enter = useEnter(search.return);
  const [challenge, setChallenge] = useState(challengeInAddress);
  return (
    <EntryFrame
      title={challenge === undefined ? 'Sign in' : 'One more step'}
      foot={
        <>
          New here?{' '}
          <Link to="/sign-up" search={search}>
            Create an account
          </Link>
        </>
      }
    >
      {challenge === undefined ? (
        <>
          <SignInForm onEnter={enter} onFactor={setChallenge} />
          <PasskeySignIn onEnter={enter} />
          <ProviderSignIn returnTo={search.return} />
          <OtherWays />
        </>
      ) : (
        <SecondFactorStep challenge={challenge} onEnter={enter} onRestart={() => setChallenge(undefined)} />
      )}
    </EntryFrame>
  );
}

/** For those without their password at hand. A server without mail offers nothing that it cannot do. */
function OtherWays() {
  const mode = useMailMode();
  if (mode === undefined || mode === 'none') return null;
  return (
    <p>
      <Link to="/forgot-password">Forgot your password?</Link> {'\u00b7 '}
      <Link to="/email-link">Email me a link</Link>
      {mode === 'sink' ? (
        <>
          {' \u00b7 '}
          <Link to="/mail">Mail (demo)</Link>
        </>
      ) : null}
    </p>
  );
}

type SignInFormProps = {
  onEnter: (session: Session) => Promise<void>;
  onFactor: (challenge: string) => void;
};

function SignInForm({ onEnter, onFactor }: SignInFormProps) {
  const { account } = useApiContext();
  const email = useFirstFocus();
  const password = useRef<HTMLInputElement>(null);
  const signIn = useMutation({
    mutationFn: (input: { email: string; password: string }) => account.client.session.signIn(input),
    onSuccess: onEnter,
    onError: (error) => {
      const challenge = challengeOf(error);
      if (challenge === undefined) password.current?.select();
      else onFactor(challenge);
    },
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
        autoComplete="username webauthn"
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
