import { Alert, Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Panel } from '../elements/Panel.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { MailSent } from '../session/MailSent.tsx';
import { SecretField } from '../session/SecretField.tsx';
import { useSession } from '../session/SessionGate.tsx';
import styles from './AccountPanel.module.css';

/** The account's address: proves it, or changes it. */
export function EmailPanel() {
  const { session } = useSession();
  const { email, emailVerified } = session.account;
  return (
    <Panel title="Email address">
      {emailVerified ? null : <Unproved email={email} />}
      <ChangeForm />
    </Panel>
  );
}

function Unproved({ email }: { email: string }) {
  const { account } = useApiContext();
  const request = useMutation({ mutationFn: () => account.client.emailVerification.request({}) });
  if (request.isSuccess)
    return <MailSent email={email}>The link to confirm your address is on its way.</MailSent>;
  return (
    <Alert color="yellow" variant="light" title="Your address is not confirmed">
      {request.error === null ? null : <ProblemNotice error={request.error} />}
      <Button size="xs" variant="default" loading={request.isPending} onClick={() => request.mutate()}>
        Send a link to confirm it
      </Button>
    </Alert>
  );
}

function ChangeForm() {
  const { account } = useApiContext();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const request = useMutation({
    mutationFn: () =>
      account.client.emailChange.request({ email: email.trim(), ...(password === '' ? {} : { password }) }),
    onSuccess: () => setPassword(''),
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    request.mutate();
  }
  if (request.isSuccess) {
    return (
      <MailSent email={email}>
        The link to use the new address is on its way. Open it while you are signed in.
      </MailSent>
    );
  }
  return (
    <form onSubmit={submit} className={styles.form} aria-label="Change the address">
      {request.error === null ? null : <ProblemNotice error={request.error} />}
      <TextInput
        label="New address"
        type="email"
        autoComplete="email"
        maxLength={254}
        required
        withAsterisk={false}
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
      />
      <SecretField
        label="Your password"
        description="Leave it empty if your account has none."
        autoComplete="current-password"
        required={false}
        value={password}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <div>
        <Button type="submit" variant="default" loading={request.isPending}>
          Change the address
        </Button>
      </div>
    </form>
  );
}
