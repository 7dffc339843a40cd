import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { useFirstFocus } from '../elements/useFirstFocus.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { MailSent } from './MailSent.tsx';

export function ForgotPasswordPage() {
  const { account } = useApiContext();
  return (
    <LinkRequest
      title="Forgot your password?"
      action="Send the link"
      sent="If the address has an account, a link to choose a new password is on its way."
      ask={(email) => account.client.passwordReset.request({ email })}
    />
  );
}

export function EmailLinkPage() {
  const { account } = useApiContext();
  return (
    <LinkRequest
      title="Sign in without a password"
      action="Send the link"
      sent="If the address has an account, a link to sign in is on its way. Open it in this browser, within ten minutes."
      ask={(email) => account.client.magicLink.request({ email })}
    />
  );
}

type LinkRequestProps = {
  title: string;
  action: string;
  sent: string;
  ask: (email: string) => Promise<unknown>;
};

function LinkRequest({ title, action, sent, ask }: LinkRequestProps) {
  const field = useFirstFocus();
  const request = useMutation({ mutationFn: (email: string) => ask(email) });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    request.mutate(textOf(new FormData(event.currentTarget), 'email'));
  }
  return (
    <EntryFrame title={title} foot={<Link to="/sign-in">Back to sign-in</Link>}>
      {request.isSuccess ? (
        <MailSent email={request.variables}>{sent}</MailSent>
      ) : (
        <form onSubmit={submit}>
          {request.error === null ? null : <ProblemNotice error={request.error} />}
          <TextInput
            ref={field}
            label="Email"
            name="email"
            type="email"
            autoComplete="username"
            maxLength={254}
            required
            withAsterisk={false}
          />
          <Button type="submit" fullWidth loading={request.isPending}>
            {action}
          </Button>
        </form>
      )}
    </EntryFrame>
  );
}
