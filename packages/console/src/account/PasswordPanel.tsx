import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { missingCharacters, NewPasswordField } from '../session/NewPasswordField.tsx';
import { SecretField } from '../session/SecretField.tsx';
import styles from './AccountPanel.module.css';

/** Changes the password, for whoever knows the present one. */
export function PasswordPanel() {
  const { account } = useApiContext();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [sent, setSent] = useState(false);
  const change = useMutation({
    mutationFn: () => account.client.password.change({ current, password }),
    onSuccess: async () => {
      setCurrent('');
      setPassword('');
      setSent(false);
      announceDone('Your password is changed. Other sessions were signed out.');
      await account.cache.invalidateQueries();
    },
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    setSent(true);
    if (missingCharacters(password) === 0) change.mutate();
  }
  return (
    <Panel title="Password">
      <form onSubmit={submit} className={styles.form} aria-label="Change the password">
        {change.error === null ? null : <ProblemNotice error={change.error} />}
        <SecretField
          label="Current password"
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
        />
        <NewPasswordField label="New password" value={password} sent={sent} onChange={setPassword} />
        <div>
          <Button type="submit" loading={change.isPending}>
            Change the password
          </Button>
        </div>
      </form>
    </Panel>
  );
}
