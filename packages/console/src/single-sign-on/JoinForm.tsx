import { Button, Checkbox, Group, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOrNull } from '../elements/form.ts';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { RoleMappingFields, type MappingRow } from './RoleMappingFields.tsx';
import type { Connection } from './types.ts';

/** What people become who come through the connection. */
export function JoinForm({ connection }: { connection: Connection }) {
  const { tenant } = useApiContext();
  const [mapping, setMapping] = useState<MappingRow[]>(connection.roleMapping);
  const change = useMutation({
    mutationFn: (form: FormData) =>
      tenant.client.connection.change({
        id: connection.id,
        justInTime: form.get('justInTime') === 'on',
        roleClaim: textOrNull(form, 'roleClaim'),
        syncRoles: form.get('syncRoles') === 'on',
        unmapped: form.get('refuseUnmapped') === 'on' ? 'refuse' : 'member',
        roleMapping: mapping.filter(({ value }) => value.trim() !== ''),
      }),
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
    <Panel title="Who comes in, as what">
      <form onSubmit={submit}>
        {change.error === null ? null : <ProblemNotice error={change.error} />}
        <JoiningFields connection={connection} />
        <RoleMappingFields mapping={mapping} onChange={setMapping} />
        <KeepingFields connection={connection} />
        <Group justify="flex-end" mt="md">
          <Button type="submit" variant="default" loading={change.isPending}>
            Save
          </Button>
        </Group>
      </form>
    </Panel>
  );
}

function JoiningFields({ connection }: { connection: Connection }) {
  return (
    <>
      <Checkbox
        label="People of your proved domains become members by signing in"
        description="Otherwise only who is a member already, or was invited, comes in."
        name="justInTime"
        defaultChecked={connection.justInTime}
        mb="sm"
      />
      <TextInput
        label="Claim or attribute with a person’s groups"
        name="roleClaim"
        maxLength={200}
        placeholder="groups"
        defaultValue={connection.roleClaim ?? ''}
        mb="sm"
      />
    </>
  );
}

function KeepingFields({ connection }: { connection: Connection }) {
  return (
    <>
      <Checkbox
        label="Refuse whom no group fits"
        description="Otherwise they become members without a role in the books."
        name="refuseUnmapped"
        defaultChecked={connection.unmapped === 'refuse'}
        mb="sm"
      />
      <Checkbox
        label="Set the roles anew at each sign-in"
        description="Owners keep theirs. Whoever has no fitting group any more loses the membership."
        name="syncRoles"
        defaultChecked={connection.syncRoles}
      />
    </>
  );
}
