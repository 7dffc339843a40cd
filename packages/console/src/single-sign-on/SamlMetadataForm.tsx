import { Button, FileInput, Group, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { SamlSection } from './SamlSection.tsx';
import { useMetadata } from './useMetadata.ts';

type SamlMetadataFormProps = { connectionId: string; known: boolean };

/** Takes the identity provider's metadata from a file or from its address. */
export function SamlMetadataForm({ connectionId, known }: SamlMetadataFormProps) {
  const [file, setFile] = useState<File | null>(null);
  const [url, setUrl] = useState('');
  const metadata = useMetadata(connectionId, () => {
    setFile(null);
    setUrl('');
  });
  const source = file ?? url.trim();
  function submit(event: FormEvent): void {
    event.preventDefault();
    metadata.mutate(source);
  }
  return (
    <SamlSection title={known ? 'Replace the metadata' : 'Metadata of your identity provider'}>
      <form onSubmit={submit}>
        {metadata.error === null ? null : <ProblemNotice error={metadata.error} />}
        <FileInput
          label="From a file"
          description="The XML your identity provider lets you download."
          placeholder="Choose a file"
          accept=".xml,application/xml,text/xml,application/samlmetadata+xml"
          clearable
          value={file}
          onChange={setFile}
          disabled={url.trim() !== ''}
          mb="sm"
        />
        <TextInput
          label="Or from an address"
          description="https; fetched again every day, so that new certificates arrive by themselves."
          type="url"
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          disabled={file !== null}
        />
        <Group justify="flex-end" mt="md">
          <Button type="submit" loading={metadata.isPending} disabled={source === ''}>
            Read the metadata
          </Button>
        </Group>
      </form>
    </SamlSection>
  );
}
