import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { dayOf, readableDay } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { NewOriginDialog } from './NewOriginDialog.tsx';
import { RemoveOriginDialog } from './RemoveOriginDialog.tsx';
import type { AllowedOrigin } from './types.ts';

/** The websites whose pages may call the organisation's API from a browser. */
export function OriginPanel() {
  const { tenant } = useApiContext();
  const { may } = useSession();
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<AllowedOrigin | null>(null);
  const origins = useQuery(tenant.query.allowedOrigin.list.queryOptions({ input: {} }), tenant.cache);
  const editable = may('access:origin.change');
  const action: Column<AllowedOrigin> = {
    key: 'action',
    header: 'Action',
    align: 'end',
    cell: (origin) => (
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Remove ${origin.origin}`}
        onClick={() => setEnding(origin)}
      >
        Remove
      </Button>
    ),
  };
  return (
    <Panel
      title="Websites"
      flush
      actions={editable ? <AddButton onClick={() => setAdding(true)} /> : undefined}
    >
      <Loaded query={origins} rows={2}>
        {({ origins: loaded }) =>
          loaded.length === 0 ? (
            <EmptyState title="No website may call this API from a browser.">
              Programs on servers need no leave. A page of another website does, and it brings a key of its
              own: nobody’s sign-in here ever counts for it.
            </EmptyState>
          ) : (
            <DataTable
              caption="Websites"
              columns={editable ? [...columns, action] : columns}
              rows={loaded}
              rowKey={({ id }) => id}
            />
          )
        }
      </Loaded>
      {adding ? <NewOriginDialog onClose={() => setAdding(false)} /> : null}
      {ending === null ? null : <RemoveOriginDialog origin={ending} onClose={() => setEnding(null)} />}
    </Panel>
  );
}

function AddButton({ onClick }: { onClick: () => void }) {
  return (
    <Button size="compact-sm" variant="default" onClick={onClick}>
      Allow a website
    </Button>
  );
}

const columns: Column<AllowedOrigin>[] = [
  { key: 'origin', header: 'Origin', cell: ({ origin }) => <code>{origin}</code> },
  { key: 'since', header: 'Since', cell: ({ createdAt }) => readableDay(dayOf(new Date(createdAt))) },
];
