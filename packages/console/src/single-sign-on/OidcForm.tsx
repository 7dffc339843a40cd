import { Button, Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { OidcFields, readOidcFields } from './OidcFields.tsx';
import { oidcSettingsOf, type Connection } from './types.ts';

/** Changes a connection by OpenID Connect. */
export function OidcForm({ connection }: { connection: Connection }) {
  const { tenant } = useApiContext();
  const settings = oidcSettingsOf(connection);
  const change = useMutation({
    mutationFn: (form: FormData) =>
      tenant.client.connection.change({ id: connection.id, ...readOidcFields(form, settings) }),
    onSuccess: async () => {
      await tenant.cache.invalidateQueries();
      announceDone('Saved.');
    },
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    change.mutate(new FormData(event.currentTarget));
  }
  return (
    <Panel title="Identity provider">
      <form onSubmit={submit}>
        {change.error === null ? null : <ProblemNotice error={change.error} />}
        <OidcFields settings={settings} />
        <Group justify="flex-end" mt="md">
          <Button type="submit" variant="default" loading={change.isPending}>
            Save
          </Button>
        </Group>
      </form>
    </Panel>
  );
}
