import { Modal, NativeSelect, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import { SecretShown } from '../webhooks/SecretShown.tsx';
import { GenericFields, startingSettings, type SettingsDraft } from './GenericFields.tsx';
import { SecretField } from './SecretField.tsx';
import { schemeNames, type NewSource, type Scheme } from './types.ts';

type Draft = { name: string; scheme: Scheme; secret: string; settings: SettingsDraft };

/** Makes a source, then shows its address and, where one was made, its secret. */
export function NewSourceDialog({ onClose }: { onClose: () => void }) {
  const { tenant } = useApiContext();
  const [draft, setDraft] = useState<Draft>({
    name: '',
    scheme: 'standard',
    secret: '',
    settings: startingSettings,
  });
  const make = useMutation({
    mutationFn: () => tenant.client.source.create(toInput(draft)),
    onSuccess: () => tenant.cache.invalidateQueries(),
  });
  if (make.data !== undefined) {
    const address = (
      <p>
        The service sends to <code>{make.data.address}</code>
      </p>
    );
    if (make.data.secret === null) {
      return (
        <Modal opened onClose={onClose} title={`${make.data.name} is added`}>
          {address}
        </Modal>
      );
    }
    return (
      <SecretShown title={`${make.data.name} is added`} secret={make.data.secret} onClose={onClose}>
        {address}
        <p>It signs with this secret. It is shown only here.</p>
      </SecretShown>
    );
  }
  return (
    <FormDialog
      title="New source"
      size="lg"
      action="Add source"
      discard="Discard"
      working={make.isPending}
      error={make.error}
      incomplete={draft.name.trim() === '' || (draft.scheme === 'stripe' && draft.secret === '')}
      onSubmit={() => make.mutate()}
      onClose={onClose}
    >
      <DraftFields draft={draft} onChange={(changes) => setDraft({ ...draft, ...changes })} />
    </FormDialog>
  );
}

function DraftFields({ draft, onChange }: { draft: Draft; onChange: (changes: Partial<Draft>) => void }) {
  return (
    <Stack gap="md">
      <TextInput
        label="Name"
        description="Who sends, for whoever reads the list next year."
        maxLength={100}
        required
        withAsterisk={false}
        data-autofocus
        value={draft.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <NativeSelect
        label="Signed as"
        data={Object.entries(schemeNames).map(([value, label]) => ({ value, label }))}
        value={draft.scheme}
        onChange={(event) => onChange({ scheme: event.currentTarget.value as Scheme })}
      />
      {draft.scheme === 'generic' ? (
        <GenericFields
          settings={draft.settings}
          onChange={(settings) => onChange({ settings: { ...draft.settings, ...settings } })}
        />
      ) : null}
      <SecretField scheme={draft.scheme} value={draft.secret} onChange={(secret) => onChange({ secret })} />
    </Stack>
  );
}

function toInput({ name, scheme, secret, settings }: Draft): NewSource {
  const given = secret === '' ? {} : { secret };
  if (scheme !== 'generic') return { name: name.trim(), scheme, ...given };
  const { encoding, ...texts } = settings;
  const filled = Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
  const { signatureHeader, signed } = texts;
  return { name: name.trim(), scheme, ...given, settings: { ...filled, signatureHeader, signed, encoding } };
}
