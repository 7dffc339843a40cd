import { Radio, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { FormDialog } from '../elements/FormDialog.tsx';
import { announceDone } from '../problems/announce.ts';
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
  return (
    <FormDialog
      title="Connect an identity provider"
      action="Add connection"
      discard="Discard"
      working={create.isPending}
      error={create.error}
      onSubmit={create.mutate}
      onClose={onClose}
    >
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
    </FormDialog>
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
