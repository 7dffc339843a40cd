import { Button, Group, Modal, Radio, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { OidcFields, readOidcFields } from './OidcFields.tsx';

/** Adds a connection, which stays off until it is switched on. */
export function NewConnectionDialog({ onClose }: { onClose: () => void }) {
  const { tenant } = useApiContext();
  const [protocol, setProtocol] = useState<Protocol>('oidc');
  const create = useMutation({
    mutationFn: (form: FormData) => {
      const name = textOf(form, 'name');
      return tenant.client.connection.create(
        protocol === 'oidc' ? { protocol, name, ...readOidcFields(form) } : { protocol, name },
      );
    },
    onSuccess: async ({ name }) => {
      await tenant.cache.invalidateQueries();
      announceDone(`${name} is added, and off until you switch it on.`);
      onClose();
    },
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    create.mutate(new FormData(event.currentTarget));
  }
  return (
    <Modal opened onClose={onClose} title="Connect an identity provider">
      <form onSubmit={submit}>
        {create.error === null ? null : <ProblemNotice error={create.error} />}
        <TextInput
          label="Name"
          description="What your people call it."
          name="name"
          maxLength={100}
          required
          withAsterisk={false}
          data-autofocus
          mb="md"
        />
        <ProtocolChoice protocol={protocol} onChange={setProtocol} />
        {protocol === 'oidc' ? <OidcFields /> : null}
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={onClose}>
            Discard
          </Button>
          <Button type="submit" loading={create.isPending}>
            Add connection
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

type Protocol = 'oidc' | 'saml';
type ProtocolChoiceProps = { protocol: Protocol; onChange: (protocol: Protocol) => void };

function ProtocolChoice({ protocol, onChange }: ProtocolChoiceProps) {
  return (
    <Radio.Group
      label="Protocol"
      value={protocol}
      onChange={(value) => onChange(value === 'saml' ? 'saml' : 'oidc')}
      mb="md"
    >
      <Stack gap="xs" mt="xs">
        <Radio value="oidc" label="OpenID Connect" />
        <Radio value="saml" label="SAML 2.0" description="Its metadata is given afterwards." />
      </Stack>
    </Radio.Group>
  );
}
