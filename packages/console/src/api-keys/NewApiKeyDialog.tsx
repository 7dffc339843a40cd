import { Checkbox, NativeSelect, Radio, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { PermissionChecklist } from './PermissionChecklist.tsx';
import { ShownOnce } from './ShownOnce.tsx';
import type { ApiKeyKind } from './types.ts';

type Draft = {
  name: string;
  kind: ApiKeyKind;
  permissions: string[];
  companies: string[];
  days: number;
};

const kinds = [
  {
    value: 'api_key',
    label: 'Follows you',
    description: 'Never more than you may do yourself. Ends when you leave the organisation.',
  },
  {
    value: 'service',
    label: 'Stands alone',
    description: 'Goes on when you leave. For what must outlive a person. Owners and admins only.',
  },
] as const;

const lives = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '366', label: 'One year' },
];

/** Makes a key, then shows it, once. */
export function NewApiKeyDialog({ onClose }: { onClose: () => void }) {
  const { tenant } = useApiContext();
  const [draft, setDraft] = useState<Draft>({
    name: '',
    kind: 'api_key',
    permissions: [],
    companies: [],
    days: 90,
  });
  const make = useMutation({
    mutationFn: () =>
      tenant.client.apiKey.create({
        ...draft,
        name: draft.name.trim(),
        companies: draft.companies.length === 0 ? null : draft.companies,
      }),
    onSuccess: () => tenant.cache.invalidateQueries(),
  });
  if (make.data !== undefined) {
    return <ShownOnce name={make.data.name} token={make.data.token} onClose={onClose} />;
  }
  return (
    <FormDialog
      title="New API key"
      size="lg"
      action="Make key"
      discard="Discard"
      working={make.isPending}
      error={make.error}
      incomplete={draft.permissions.length === 0}
      onSubmit={() => make.mutate()}
      onClose={onClose}
    >
      <DraftFields draft={draft} onChange={(changes) => setDraft({ ...draft, ...changes })} />
    </FormDialog>
  );
}

type DraftFieldsProps = { draft: Draft; onChange: (changes: Partial<Draft>) => void };

function DraftFields({ draft, onChange }: DraftFieldsProps) {
  const { companies, membership } = useSession();
  const offered = kinds.filter(({ value }) => value === 'api_key' || membership.role !== 'member');
  return (
    <Stack gap="md">
      <TextInput
        label="Name"
        description="What the program does, for whoever reads the list next year."
        maxLength={100}
        required
        withAsterisk={false}
        data-autofocus
        value={draft.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <Radio.Group label="Kind" value={draft.kind} onChange={(kind) => onChange({ kind })}>
        <Stack gap="xs" mt="xs">
          {offered.map((kind) => (
            <Radio key={kind.value} {...kind} />
          ))}
        </Stack>
      </Radio.Group>
      <PermissionChecklist
        offered={membership.permissions}
        chosen={draft.permissions}
        onChange={(permissions) => onChange({ permissions })}
      />
      {companies.length > 1 ? (
        <Checkbox.Group
          label="Companies"
          description="None chosen means all that you reach."
          value={draft.companies}
          onChange={(chosen) => onChange({ companies: chosen })}
        >
          <Stack gap="xs" mt="xs">
            {companies.map(({ id, name }) => (
              <Checkbox key={id} value={id} label={name} />
            ))}
          </Stack>
        </Checkbox.Group>
      ) : null}
      <NativeSelect
        label="Works for"
        data={lives}
        value={String(draft.days)}
        onChange={(event) => onChange({ days: Number(event.currentTarget.value) })}
      />
    </Stack>
  );
}
