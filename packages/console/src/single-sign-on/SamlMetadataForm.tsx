import { Button, FileInput, Group, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';

type SamlMetadataFormProps = { connectionId: string; known: boolean };

/** Takes the identity provider's metadata from a file or from its address. */
export function SamlMetadataForm({ connectionId: id, known }: SamlMetadataFormProps) {
  const { tenant } = useApiContext();
  const [file, setFile] = useState<File | null>(null);
  const [url, setUrl] = useState('');
  async function done(message: string): Promise<void> {
    await tenant.cache.invalidateQueries();
    setFile(null);
    setUrl('');
    announceDone(message);
  }
  const upload = useMutation({
    mutationFn: async (chosen: File) => tenant.client.saml.upload({ id, metadata: await chosen.text() }),
    onSuccess: () => done('The metadata was read.'),
  });
  const follow = useMutation({
    mutationFn: (address: string) => tenant.client.saml.follow({ id, url: address }),
    onSuccess: () => done('The metadata was read, and will be fetched again every day.'),
  });
  const error = upload.error ?? follow.error;
  function submit(event: FormEvent): void {
    event.preventDefault();
    upload.reset();
    follow.reset();
    if (file !== null) upload.mutate(file);
    else if (url.trim() !== '') follow.mutate(url.trim());
  }
  return (
    <Panel title={known ? 'Replace the metadata' : 'Metadata of your identity provider'}>
      <form onSubmit={submit}>
        {error === null ? null : <ProblemNotice error={error} />}
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
          placeholder="https://idp.example.com/metadata"
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          disabled={file !== null}
        />
        <Group justify="flex-end" mt="md">
          <Button
            type="submit"
            loading={upload.isPending || follow.isPending}
            disabled={file === null && url.trim() === ''}
          >
            Read the metadata
          </Button>
        </Group>
      </form>
    </Panel>
  );
}
