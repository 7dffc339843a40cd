import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { ConnectionPanel } from './ConnectionPanel.tsx';
import { DomainPanel } from './DomainPanel.tsx';
import { NewConnectionDialog } from './NewConnectionDialog.tsx';
import { PolicyPanel } from './PolicyPanel.tsx';

/** How the organisation's people sign in with its own identity provider. Owners change it, everybody who sees it may read. */
export function SingleSignOnPage() {
  const { membership } = useSession();
  const [adding, setAdding] = useState(false);
  const editable = membership.role === 'owner';
  return (
    <>
      <PageHeader
        title="Single sign-on"
        lead="People of your domains sign in with your organisation’s identity provider, and reach this organisation alone."
        actions={
          editable ? (
            <Button
              leftSection={<IconPlus size={16} aria-hidden />}
              data-shortcut="n"
              onClick={() => setAdding(true)}
            >
              New connection
            </Button>
          ) : null
        }
      />
      {editable ? null : <p>Only owners change this: it decides who may sign in as whom.</p>}
      <Connections editable={editable} />
      <DomainPanel editable={editable} />
      <PolicyPanel editable={editable} />
      {adding ? <NewConnectionDialog onClose={() => setAdding(false)} /> : null}
    </>
  );
}

function Connections({ editable }: { editable: boolean }) {
  const { tenant } = useApiContext();
  const connections = useQuery(tenant.query.connection.list.queryOptions({ input: {} }), tenant.cache);
  return (
    <Loaded query={connections} rows={3}>
      {({ connections: loaded }) =>
        loaded.length === 0 ? (
          <Panel title="Connections">
            <EmptyState title="No connection yet">
              Add one, then prove the domain of your people’s addresses below.
            </EmptyState>
          </Panel>
        ) : (
          loaded.map((connection) => (
            <ConnectionPanel key={connection.id} connection={connection} editable={editable} />
          ))
        )
      }
    </Loaded>
  );
}
