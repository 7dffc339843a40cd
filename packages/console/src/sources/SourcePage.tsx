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
import { EventPanel } from './EventPanel.tsx';
import { NewSourceDialog } from './NewSourceDialog.tsx';
import { SourcePanel } from './SourcePanel.tsx';

/** Who sends webhooks to this tenant, and what came. */
export function SourcePage() {
  const { tenant } = useApiContext();
  const { may } = useSession();
  const [adding, setAdding] = useState(false);
  const sources = useQuery(tenant.query.source.list.queryOptions({ input: {} }), tenant.cache);
  const add = may('webhooks:source.create') ? (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      data-shortcut="n"
      onClick={() => setAdding(true)}
    >
      New source
    </Button>
  ) : null;
  return (
    <>
      <PageHeader
        title="Incoming webhooks"
        lead="Takes what other services send: only what they signed within five minutes, and each event once."
        actions={add}
      />
      <Stack gap="lg">
        <Loaded query={sources} rows={3}>
          {({ sources: rows }) =>
            rows.length === 0 ? (
              <Panel>
                <EmptyState title="Nobody sends webhooks here yet.">
                  Add a source, then give its address to the service that sends.
                </EmptyState>
              </Panel>
            ) : (
              <Stack gap="lg">
                {rows.map((source) => (
                  <SourcePanel key={source.id} source={source} />
                ))}
              </Stack>
            )
          }
        </Loaded>
        <EventPanel />
      </Stack>
      {adding ? <NewSourceDialog onClose={() => setAdding(false)} /> : null}
    </>
  );
}
