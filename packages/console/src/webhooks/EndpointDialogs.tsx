import { NativeSelect } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import { announceDone } from '../problems/announce.ts';
import { EventChoice } from './EventChoice.tsx';
import { SecretShown } from './SecretShown.tsx';
import type { Endpoint } from './types.ts';

type EndpointDialogProps = { endpoint: Endpoint; onClose: () => void };

const overlaps = [
  { value: '0', label: 'At once' },
  { value: '1', label: 'In one hour' },
  { value: '24', label: 'In one day' },
  { value: '168', label: 'In seven days' },
];

/** Gives an endpoint another secret; both sign until the overlap is over. */
export function RotateDialog({ endpoint, onClose }: EndpointDialogProps) {
  const { tenant } = useApiContext();
  const [hours, setHours] = useState('24');
  const rotate = useMutation({
    mutationFn: () =>
      tenant.client.webhookEndpoint.rotateSecret({ id: endpoint.id, overlapHours: Number(hours) }),
    onSuccess: () => tenant.cache.invalidateQueries(),
  });
  if (rotate.data !== undefined) {
    return (
      <SecretShown title="The new secret" secret={rotate.data.secret} onClose={onClose}>
        <p>
          Give it to your receiver now. Messages carry both signatures until the old secret ends; the official
          libraries accept either.
        </p>
      </SecretShown>
    );
  }
  return (
    <FormDialog
      title="Rotate the secret"
      action="Make new secret"
      discard="Keep the old one"
      working={rotate.isPending}
      error={rotate.error}
      onSubmit={() => rotate.mutate()}
      onClose={onClose}
    >
      <NativeSelect
        label="The old secret ends"
        description="Until then every message carries a signature by each of the two."
        data={overlaps}
        value={hours}
        onChange={(event) => setHours(event.currentTarget.value)}
        data-autofocus
      />
    </FormDialog>
  );
}

export function EventsDialog({ endpoint, onClose }: EndpointDialogProps) {
  const { tenant } = useApiContext();
  const [eventTypes, setEventTypes] = useState(endpoint.eventTypes);
  const change = useMutation({
    mutationFn: () => tenant.client.webhookEndpoint.change({ id: endpoint.id, eventTypes }),
    onSuccess: async () => {
      onClose();
      await tenant.cache.invalidateQueries();
    },
  });
  return (
    <FormDialog
      title="Choose events"
      size="lg"
      action="Save choice"
      discard="Discard"
      working={change.isPending}
      error={change.error}
      incomplete={eventTypes?.length === 0}
      onSubmit={() => change.mutate()}
      onClose={onClose}
    >
      <EventChoice chosen={eventTypes} onChange={setEventTypes} />
    </FormDialog>
  );
}

export function RemoveDialog({ endpoint, onClose }: EndpointDialogProps) {
  const { tenant } = useApiContext();
  const remove = useMutation({
    mutationFn: () => tenant.client.webhookEndpoint.remove({ id: endpoint.id }),
    onSuccess: async () => {
      onClose();
      announceDone('The endpoint is removed.');
      await tenant.cache.invalidateQueries();
    },
  });
  return (
    <ConfirmDialog
      opened
      title="Remove this endpoint?"
      action="Remove endpoint"
      keep="Keep it"
      danger
      working={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>
        Nothing more is sent to <code>{endpoint.url}</code>, and its deliveries are no longer listed. To pause
        it, switch it off instead.
      </p>
    </ConfirmDialog>
  );
}
