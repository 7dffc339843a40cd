import { NativeSelect, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import { announceDone } from '../problems/announce.ts';
import { SecretShown } from '../webhooks/SecretShown.tsx';
import { SecretField } from './SecretField.tsx';
import type { Source } from './types.ts';

const overlaps = [
  { value: '0', label: 'At once' },
  { value: '1', label: 'In one hour' },
  { value: '24', label: 'In one day' },
  { value: '168', label: 'In seven days' },
];

/** Gives a source another secret; the old one verifies until the overlap is over. */
export function RotateSourceDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const { tenant } = useApiContext();
  const [secret, setSecret] = useState('');
  const [hours, setHours] = useState('24');
  const rotate = useMutation({
    mutationFn: () =>
      tenant.client.source.rotate({
        id: source.id,
        overlapHours: Number(hours),
        ...(secret === '' ? {} : { secret }),
      }),
    onSuccess: async (made) => {
      await tenant.cache.invalidateQueries();
      if (made.secret !== null) return;
      onClose();
      announceDone(`${source.name} has a new secret.`);
    },
  });
  if (typeof rotate.data?.secret === 'string') {
    return (
      <SecretShown title="The new secret" secret={rotate.data.secret} onClose={onClose}>
        <p>Give it to the service that sends. It is shown only here.</p>
      </SecretShown>
    );
  }
  return (
    <FormDialog
      title={`New secret for ${source.name}`}
      action="Replace secret"
      discard="Keep the old one"
      working={rotate.isPending}
      error={rotate.error}
      incomplete={source.scheme === 'stripe' && secret === ''}
      onSubmit={() => rotate.mutate()}
      onClose={onClose}
    >
      <Stack gap="md">
        <SecretField scheme={source.scheme} value={secret} onChange={setSecret} />
        <NativeSelect
          label="The old secret ends"
          data={overlaps}
          value={hours}
          onChange={(event) => setHours(event.currentTarget.value)}
        />
      </Stack>
    </FormDialog>
  );
}
