import { Button, Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { readableMoment } from '../elements/dates.ts';
import { FactList } from '../elements/FactList.tsx';
import { Panel } from '../elements/Panel.tsx';
import { Tag } from '../elements/Tag.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { RemoveSourceDialog } from './RemoveSourceDialog.tsx';
import { RotateSourceDialog } from './RotateSourceDialog.tsx';
import { schemeNames, type Source } from './types.ts';

/** One source: where it sends to, how it signs, and until when its old secrets go on. */
export function SourcePanel({ source }: { source: Source }) {
  const { may } = useSession();
  const [open, setOpen] = useState<'rotate' | 'remove' | null>(null);
  const close = () => setOpen(null);
  return (
    <Panel
      title={source.name}
      actions={
        <Group gap="xs">
          {may('webhooks:source.change') ? (
            <Switch source={source} onRotate={() => setOpen('rotate')} />
          ) : null}
          {may('webhooks:source.remove') ? (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Remove ${source.name}`}
              onClick={() => setOpen('remove')}
            >
              Remove
            </Button>
          ) : null}
        </Group>
      }
    >
      <FactList
        facts={[
          [
            'State',
            <Tag key="state" tone={source.enabled ? 'good' : 'plain'}>
              {source.enabled ? 'On' : 'Off'}
            </Tag>,
          ],
          ['Address', <code key="address">{source.address}</code>],
          ['Signed as', schemeNames[source.scheme]],
          ['Since', readableMoment(source.createdAt)],
        ]}
      />
      <OldSecrets source={source} />
      {open === 'rotate' ? <RotateSourceDialog source={source} onClose={close} /> : null}
      {open === 'remove' ? <RemoveSourceDialog source={source} onClose={close} /> : null}
    </Panel>
  );
}

function Switch({ source, onRotate }: { source: Source; onRotate: () => void }) {
  const { tenant } = useApiContext();
  const change = useMutation({
    mutationFn: () =>
      tenant.client.source.change({ id: source.id, name: source.name, enabled: !source.enabled }),
    onSuccess: () => tenant.cache.invalidateQueries(),
  });
  return (
    <>
      {change.error === null ? null : <ProblemNotice error={change.error} />}
      <Button size="compact-sm" variant="default" loading={change.isPending} onClick={() => change.mutate()}>
        {source.enabled ? 'Turn off' : 'Turn on'}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`New secret for ${source.name}`}
        onClick={onRotate}
      >
        New secret
      </Button>
    </>
  );
}

/** Secrets that were replaced and still verify, each with a way to end it now. */
function OldSecrets({ source }: { source: Source }) {
  const { tenant } = useApiContext();
  const { may } = useSession();
  const end = useMutation({
    mutationFn: (secretId: string) => tenant.client.source.endSecret({ id: source.id, secretId }),
    onSuccess: async () => {
      announceDone('The old secret has ended: it is refused within five seconds.');
      await tenant.cache.invalidateQueries();
    },
  });
  const old = source.secrets.filter(({ expiresAt }) => expiresAt !== null);
  if (old.length === 0) return null;
  return (
    <>
      {end.error === null ? null : <ProblemNotice error={end.error} />}
      {old.map(({ id, expiresAt }) => (
        <Group key={id} gap="xs" mt="sm">
          <span>An old secret goes on until {readableMoment(expiresAt ?? '')}.</span>
          {may('webhooks:source.change') ? (
            <Button
              size="compact-sm"
              variant="default"
              loading={end.isPending}
              onClick={() => end.mutate(id)}
            >
              End it now
            </Button>
          ) : null}
        </Group>
      ))}
    </>
  );
}
