import { Alert } from '@mantine/core';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import { FactList } from '../elements/FactList.tsx';
import { SamlSection } from './SamlSection.tsx';
import { Tag, type Tone } from '../elements/Tag.tsx';
import type { SamlCertificate, SamlProvider } from './samlTypes.ts';

/** What is known of the identity provider, and what will stop working soon. */
export function SamlProviderFacts({ provider }: { provider: SamlProvider }) {
  const { certificates, failure } = provider;
  const isLost = certificates.every(({ state }) => state === 'expired');
  const endsSoon = !isLost && certificates.every(({ state }) => state !== 'current');
  return (
    <SamlSection title="Your identity provider">
      {isLost ? (
        <Alert color="red" title="Nobody can sign in: the certificate has expired." mb="md">
          Upload the metadata your identity provider shows now.
        </Alert>
      ) : null}
      {endsSoon ? (
        <Alert color="yellow" title="The certificate ends soon." mb="md">
          Once your identity provider has made the next one, upload its metadata. Both work until then.
        </Alert>
      ) : null}
      {failure === null ? null : (
        <Alert color="yellow" title="The metadata could not be refreshed." mb="md">
          {failure.message} What was known stays in force. First seen {readableMoment(failure.since)}.
        </Alert>
      )}
      <FactList
        facts={[
          ['Entity ID', provider.entityId],
          ['Sign-on address', provider.signOn.url],
          ['Binding', provider.signOn.binding === 'redirect' ? 'HTTP-Redirect' : 'HTTP-POST'],
          ['Metadata', provider.metadataUrl ?? 'uploaded'],
          ['Changed', readableMoment(provider.changedAt)],
        ]}
      />
      <DataTable
        caption="Signing certificates"
        columns={columns}
        rows={certificates}
        rowKey={({ fingerprint }) => fingerprint}
      />
    </SamlSection>
  );
}

const states: Record<SamlCertificate['state'], { tone: Tone; label: string }> = {
  current: { tone: 'good', label: 'Current' },
  ends_soon: { tone: 'bad', label: 'Ends soon' },
  expired: { tone: 'bad', label: 'Expired' },
  not_yet_valid: { tone: 'plain', label: 'Not yet valid' },
};

const columns: Column<SamlCertificate>[] = [
  { key: 'subject', header: 'Name', cell: ({ subject }) => subject },
  {
    key: 'fingerprint',
    header: 'SHA-256',
    hideBelow: 'sm',
    cell: ({ fingerprint }) => <code title={fingerprint}>{fingerprint.slice(0, 16)}…</code>,
  },
  { key: 'ends', header: 'Ends', tight: true, cell: ({ notAfter }) => readableMoment(notAfter) },
  {
    key: 'state',
    header: 'State',
    cell: ({ state }) => <Tag tone={states[state].tone}>{states[state].label}</Tag>,
  },
];
