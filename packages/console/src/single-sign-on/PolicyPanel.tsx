import { Button, Checkbox, Group, Stack } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import type { SignInPolicy } from './types.ts';

/** Whether everybody must use single sign-on, and who may still get in when the provider is down. */
export function PolicyPanel({ editable }: { editable: boolean }) {
  const { tenant } = useApiContext();
  const policy = useQuery(tenant.query.signInPolicy.read.queryOptions({ input: {} }), tenant.cache);
  return (
    <Panel title="Required single sign-on">
      <Loaded query={policy} rows={2}>
        {(loaded) =>
          editable ? (
            <PolicyForm key={JSON.stringify(loaded)} policy={loaded} />
          ) : (
            <p>{loaded.singleSignOnRequired ? 'Required.' : 'Not required: people sign in as they like.'}</p>
          )
        }
      </Loaded>
    </Panel>
  );
}

function PolicyForm({ policy }: { policy: SignInPolicy }) {
  const { tenant, account } = useApiContext();
  const members = useQuery(tenant.query.member.list.queryOptions({ input: {} }), tenant.cache);
  const [required, setRequired] = useState(policy.singleSignOnRequired);
  const [accounts, setAccounts] = useState(policy.breakGlassAccountIds);
  const set = useMutation({
    mutationFn: () =>
      tenant.client.signInPolicy.set({ singleSignOnRequired: required, breakGlassAccountIds: accounts }),
    onSuccess: async ({ singleSignOnRequired }) => {
      announceDone(singleSignOnRequired ? 'Single sign-on is required from now on.' : 'Saved.');
      await Promise.all([tenant.cache.invalidateQueries(), account.cache.invalidateQueries()]);
    },
  });
  const owners = (members.data?.members ?? []).filter(({ role }) => role === 'owner');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate();
      }}
    >
      {set.error === null ? null : <ProblemNotice error={set.error} />}
      <Checkbox
        label="Everybody signs in through a connection"
        description="At once, for those who are signed in too. A password then reaches this organisation no more."
        checked={required}
        onChange={(event) => setRequired(event.currentTarget.checked)}
        mb="md"
      />
      <Checkbox.Group
        label="Break-glass owners"
        description="They may still sign in with password and second factor, and each time it is written into the audit log."
        value={accounts}
        onChange={setAccounts}
      >
        <Stack gap="xs" mt="xs">
          {owners.map(({ account: { id, name, email } }) => (
            <Checkbox key={id} value={id} label={`${name} (${email})`} />
          ))}
        </Stack>
      </Checkbox.Group>
      <Group justify="flex-end" mt="md">
        <Button type="submit" variant="default" loading={set.isPending}>
          Save
        </Button>
      </Group>
    </form>
  );
}
