import { Button, Checkbox, Group, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { SamlSection } from './SamlSection.tsx';
import type { SamlReading } from './samlTypes.ts';

type SamlAttributeFormProps = { connectionId: string; reading: SamlReading };

/** Which attributes say what, and whether the provider's word on a second factor is taken. */
export function SamlAttributeForm({ connectionId: id, reading }: SamlAttributeFormProps) {
  const { tenant } = useApiContext();
  const change = useMutation({
    mutationFn: (saml: SamlReading) => tenant.client.connection.change({ id, saml }),
    onSuccess: async () => {
      await tenant.cache.invalidateQueries();
      announceDone('Saved.');
    },
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    change.mutate(readingIn(new FormData(event.currentTarget)));
  }
  return (
    <SamlSection title="What its answers say">
      <form onSubmit={submit}>
        {change.error === null ? null : <ProblemNotice error={change.error} />}
        <AttributeFields reading={reading} />
        <Group justify="flex-end" mt="md">
          <Button type="submit" variant="default" loading={change.isPending}>
            Save the attributes
          </Button>
        </Group>
      </form>
    </SamlSection>
  );
}

function AttributeFields({ reading }: { reading: SamlReading }) {
  return (
    <>
      <TextInput
        label="Attribute with the email address"
        description="Left empty, the usual names are looked for, then the name identifier."
        name="email"
        maxLength={200}
        defaultValue={reading.emailAttribute ?? ''}
        mb="sm"
      />
      <TextInput
        label="Attribute with the person’s name"
        description="Left empty, the usual names are looked for."
        name="name"
        maxLength={200}
        defaultValue={reading.nameAttribute ?? ''}
        mb="sm"
      />
      <Checkbox
        label="Trust it to have asked for a second factor when it says so"
        description="Otherwise people with a second factor here are asked for it here."
        name="multiFactor"
        defaultChecked={reading.trustsMultiFactor}
      />
    </>
  );
}

function readingIn(form: FormData): SamlReading {
  return {
    emailAttribute: textOf(form, 'email') || null,
    nameAttribute: textOf(form, 'name') || null,
    trustsMultiFactor: form.get('multiFactor') === 'on',
  };
}
