import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DoneNotice } from '../elements/DoneNotice.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { useLinkToken } from './linkToken.ts';
import { missingCharacters, NewPasswordField } from './NewPasswordField.tsx';

export function ResetPasswordPage() {
  const { account } = useApiContext();
  return (
    <NewPassword
      link="reset"
      title="Choose a new password"
      lead="Everybody who is signed in to your account is signed out, you included."
      done="Your password is changed. Sign in with it."
      redeem={(input) => account.client.passwordReset.redeem(input)}
    />
  );
}

export function UndoEmailChangePage() {
  const { account } = useApiContext();
  return (
    <NewPassword
      link="undo"
      title="Bring your address back"
      lead="Whoever changed your address knew your password, so choose another. Everybody else is signed out."
      done="Your address is back and your password changed. Sign in, and look through your security settings."
      redeem={(input) => account.client.emailChange.undo(input)}
    />
  );
}

type NewPasswordProps = {
  link: string;
  title: string;
  lead: string;
  done: string;
  redeem: (input: { token: string; password: string }) => Promise<unknown>;
};

function NewPassword({ link, title, lead, done, redeem }: NewPasswordProps) {
  const { account } = useApiContext();
  const [token, forget] = useLinkToken(link);
  const [password, setPassword] = useState('');
  const [sent, setSent] = useState(false);
  const change = useMutation({
    mutationFn: () => redeem({ token, password }),
    onSuccess: () => {
      forget();
      // Whoever was signed in here is so no longer.
      account.cache.clear();
    },
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    setSent(true);
    if (missingCharacters(password) === 0) change.mutate();
  }
  return (
    <EntryFrame title={title} foot={<Link to="/sign-in">Go to sign-in</Link>}>
      {change.isSuccess ? (
        <DoneNotice title="Done">{done}</DoneNotice>
      ) : (
        <form onSubmit={submit}>
          {change.error === null ? null : <ProblemNotice error={change.error} />}
          <p>{lead}</p>
          <NewPasswordField value={password} sent={sent} onChange={setPassword} />
          <Button type="submit" fullWidth loading={change.isPending}>
            Save the new password
          </Button>
        </form>
      )}
    </EntryFrame>
  );
}
