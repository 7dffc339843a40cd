import { Button, Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FactList } from '../elements/FactList.tsx';
import { Panel } from '../elements/Panel.tsx';
import { Tag } from '../elements/Tag.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { JoinForm } from './JoinForm.tsx';
import { OidcForm } from './OidcForm.tsx';
import { RemoveConnectionDialog } from './RemoveConnectionDialog.tsx';
import { SamlConnection } from './SamlConnection.tsx';
import type { Connection } from './types.ts';

const protocols = { oidc: 'OpenID Connect', saml: 'SAML 2.0' } as const;

/** One connection: whether it is on, how it is set up, and what whoever comes through it becomes. */
export function ConnectionPanel({ connection, editable }: { connection: Connection; editable: boolean }) {
  const { tenant } = useApiContext();
  const [removing, setRemoving] = useState(false);
  const { id, name, enabled, protocol, redirectUrl } = connection;
  const turn = useMutation({
    mutationFn: () => tenant.client.connection.change({ id, enabled: !enabled }),
    onSuccess: async () => {
      await tenant.cache.invalidateQueries();
      announceDone(
        enabled ? `${name} is off: the sessions it started reach nothing any more.` : `${name} is on.`,
      );
    },
  });
  const actions = (
    <Group gap="xs">
      <Button size="compact-sm" variant="default" loading={turn.isPending} onClick={() => turn.mutate()}>
        {enabled ? `Switch ${name} off` : `Switch ${name} on`}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Remove ${name}`}
        onClick={() => setRemoving(true)}
      >
        Remove
      </Button>
    </Group>
  );
  const state = <Tag tone={enabled ? 'good' : 'plain'}>{enabled ? 'on' : 'off'}</Tag>;
  const redirect = redirectUrl === null ? null : <code>{redirectUrl}</code>;
  return (
    <Panel title={name} actions={editable ? actions : undefined}>
      {turn.error === null ? null : <ProblemNotice error={turn.error} />}
      <FactList
        facts={[
          ['State', state],
          ['Protocol', protocols[protocol]],
          ['Redirect address', redirect],
        ]}
      />
      {protocol === 'saml' ? <SamlConnection connection={connection} editable={editable} /> : null}
      {protocol === 'oidc' && editable ? <OidcForm connection={connection} /> : null}
      {editable ? <JoinForm connection={connection} /> : null}
      {removing ? (
        <RemoveConnectionDialog connection={connection} onClose={() => setRemoving(false)} />
      ) : null}
    </Panel>
  );
}
