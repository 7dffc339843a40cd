import { Button, Stack } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { EndpointPanel } from './EndpointPanel.tsx';
import { NewEndpointDialog } from './NewEndpointDialog.tsx';

/** The tenant's endpoints: which of its own systems are told of what, and whether they take it. */
export function WebhookPage() {
  const { tenant } = useApiContext();
  const { may } = useSession();
  const [adding, setAdding] = useState(false);
  const endpoints = useQuery(
    { ...tenant.query.webhookEndpoint.list.queryOptions({ input: {} }), refetchInterval: 5000 },
    tenant.cache,
  );
  const add = may('webhooks:endpoint.create') ? (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      data-shortcut="n"
      onClick={() => setAdding(true)}
    >
      New endpoint
    </Button>
  ) : null;
  return (
    <>
      <PageHeader
        title="Webhooks"
        lead="Tells your own systems what happens here: signed, tried for three days, never lost in silence."
        actions={add}
      />
      <Loaded query={endpoints} rows={4}>
        {({ endpoints: rows }) =>
          rows.length === 0 ? (
            <Panel>
              <EmptyState title="No system of yours is told of anything yet.">
                Add the address of one that listens.
              </EmptyState>
            </Panel>
          ) : (
            <Stack gap="lg">
              {rows.map((endpoint) => (
                <EndpointPanel key={endpoint.id} endpoint={endpoint} />
              ))}
            </Stack>
          )
        }
      </Loaded>
      {adding ? <NewEndpointDialog onClose={() => setAdding(false)} /> : null}
    </>
  );
}
