import { ActionIcon, CopyButton, TextInput, Tooltip } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { SamlSection } from './SamlSection.tsx';
import type { SamlSettings } from './samlTypes.ts';

/** What is typed into the identity provider, each to be copied. */
export function SamlServiceFacts({ service }: { service: SamlSettings['service'] }) {
  return (
    <SamlSection title="For your identity provider">
      <Copied label="Entity ID" value={service.entityId} note="Also called audience or identifier." />
      <Copied label="ACS URL" value={service.acsUrl} note="Also called reply or single sign-on URL." />
      <Copied
        label="Metadata URL"
        value={service.metadataUrl}
        note="Providers that read metadata need this alone."
      />
    </SamlSection>
  );
}

function Copied({ label, value, note }: { label: string; value: string; note: string }) {
  return (
    <TextInput
      label={label}
      description={note}
      value={value}
      readOnly
      mb="sm"
      onFocus={(event) => event.currentTarget.select()}
      rightSection={
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? 'Copied' : 'Copy'}>
              <ActionIcon variant="subtle" aria-label={`Copy ${label}`} onClick={copy}>
                {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      }
    />
  );
}
