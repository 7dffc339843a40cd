import { Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import { textOf } from '../elements/form.ts';
import { EventChoice } from './EventChoice.tsx';
import { SecretShown } from './SecretShown.tsx';

/** Adds an endpoint, then shows its secret, once. */
export function NewEndpointDialog({ onClose }: { onClose: () => void }) {
  const { tenant } = useApiContext();
  const [eventTypes, setEventTypes] = useState<string[] | null>(null);
  const add = useMutation({
    mutationFn: (input: { url: string; description: string }) =>
      tenant.client.webhookEndpoint.create({ ...input, eventTypes }),
    onSuccess: () => tenant.cache.invalidateQueries(),
  });
  if (add.data !== undefined) {
    return (
      <SecretShown title="The endpoint is added" secret={add.data.secret} onClose={onClose}>
        <p>
          Copy its signing secret now, to where your receiver reads its secrets. It is shown only here. Your
          receiver verifies every message with it before it reads a word.
        </p>
      </SecretShown>
    );
  }
  return (
    <FormDialog
      title="New endpoint"
      size="lg"
      action="Add endpoint"
      discard="Discard"
      working={add.isPending}
      error={add.error}
      incomplete={eventTypes?.length === 0}
      onSubmit={(form) => add.mutate({ url: textOf(form, 'url'), description: textOf(form, 'description') })}
      onClose={onClose}
    >
      <EndpointFields eventTypes={eventTypes} onChange={setEventTypes} />
    </FormDialog>
  );
}

type EndpointFieldsProps = { eventTypes: string[] | null; onChange: (chosen: string[] | null) => void };

function EndpointFields({ eventTypes, onChange }: EndpointFieldsProps) {
  return (
    <Stack gap="md">
      <TextInput
        name="url"
        type="url"
        label="Address"
        description="https, on a public server of yours. It cannot be changed later: add another endpoint instead."
        placeholder="https://example.com/webhooks"
        maxLength={2000}
        required
        withAsterisk={false}
        data-autofocus
      />
      <TextInput
        name="description"
        label="Description"
        description="Which system listens there."
        maxLength={200}
      />
      <EventChoice chosen={eventTypes} onChange={onChange} />
    </Stack>
  );
}
