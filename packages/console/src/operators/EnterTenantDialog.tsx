import { NativeSelect, Radio, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import type { Stay } from './types.ts';

type EnterTenantDialogProps = { tenant: { id: string; name: string }; onClose: () => void };

const modes = [
  { value: 'read', label: 'Look', description: 'See what they see. Change nothing.' },
  {
    value: 'change',
    label: 'Change data too',
    description: 'Never members, roles, keys or how people sign in.',
  },
] as const;

const stays = [
  { value: '15', label: '15 minutes' },
  { value: '60', label: 'One hour' },
  { value: '240', label: 'Four hours' },
];

type Wanted = { reason: string; mode: Stay['mode']; minutes: number };

/** Asks for what the tenant will read: the reason, and for how long. */
export function EnterTenantDialog({ tenant, onClose }: EnterTenantDialogProps) {
  const { account, choose } = useApiContext();
  const navigate = useNavigate();
  const [wanted, setWanted] = useState<Wanted>({ reason: '', mode: 'read', minutes: 60 });
  const enter = useMutation({
    mutationFn: () =>
      account.client.operator.enter({ ...wanted, tenant: tenant.id, reason: wanted.reason.trim() }),
    onSuccess: async () => {
      choose({ tenant: tenant.id });
      await account.cache.invalidateQueries();
      await navigate({ to: '/' });
    },
  });
  return (
    <FormDialog
      title={`Enter ${tenant.name}`}
      action="Enter"
      discard="Stay out"
      working={enter.isPending}
      error={enter.error}
      onSubmit={() => enter.mutate()}
      onClose={onClose}
    >
      <WantedFields wanted={wanted} onChange={(changes) => setWanted({ ...wanted, ...changes })} />
    </FormDialog>
  );
}

type WantedFieldsProps = { wanted: Wanted; onChange: (changes: Partial<Wanted>) => void };

function WantedFields({ wanted, onChange }: WantedFieldsProps) {
  return (
    <Stack gap="md">
      <Textarea
        label="Reason"
        description="They read this on every page while you are in, and in their audit log."
        minLength={10}
        maxLength={500}
        required
        withAsterisk={false}
        data-autofocus
        value={wanted.reason}
        onChange={(event) => onChange({ reason: event.currentTarget.value })}
      />
      <Radio.Group label="To" value={wanted.mode} onChange={(mode) => onChange({ mode })}>
        <Stack gap="xs" mt="xs">
          {modes.map((each) => (
            <Radio key={each.value} {...each} />
          ))}
        </Stack>
      </Radio.Group>
      <NativeSelect
        label="For"
        data={stays}
        value={String(wanted.minutes)}
        onChange={(event) => onChange({ minutes: Number(event.currentTarget.value) })}
      />
    </Stack>
  );
}
