import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Tag } from '../elements/Tag.tsx';
import { announceProblem } from '../problems/announce.ts';
import { useSession } from '../session/SessionGate.tsx';
import { AttemptDialog } from './AttemptDialog.tsx';
import { AttemptTrack } from './AttemptTrack.tsx';
import { errorWords, stateWords } from './states.ts';
import type { Delivery, Endpoint } from './types.ts';

/** The last deliveries to an endpoint, the newest first; what they say is not shown. */
export function DeliveryTable({
  endpoint,
  deliveries,
}: {
  endpoint: Endpoint;
  deliveries: readonly Delivery[];
}) {
  const [open, setOpen] = useState<Delivery | null>(null);
  if (deliveries.length === 0) {
    return <EmptyState title="Nothing was sent yet.">Send a test, or wait for an event.</EmptyState>;
  }
  const action: Column<Delivery> = {
    key: 'action',
    header: 'Action',
    align: 'end',
    cell: (delivery) => (
      <RowActions endpoint={endpoint} delivery={delivery} onOpen={() => setOpen(delivery)} />
    ),
  };
  return (
    <>
      <DataTable
        caption="Deliveries"
        columns={[...columns, action]}
        rows={deliveries}
        rowKey={({ id }) => id}
      />
      {open === null ? null : <AttemptDialog delivery={open} onClose={() => setOpen(null)} />}
    </>
  );
}

const columns: Column<Delivery>[] = [
  { key: 'event', header: 'Event', cell: ({ type }) => <code>{type}</code> },
  { key: 'at', header: 'Queued', hideBelow: 'md', cell: ({ createdAt }) => readableMoment(createdAt) },
  {
    key: 'state',
    header: 'State',
    tight: true,
    cell: ({ state }) => <Tag tone={stateWords[state].tone}>{stateWords[state].word}</Tag>,
  },
  {
    key: 'answer',
    header: 'Last answer',
    cell: ({ status, error }) =>
      error === null ? (status === null ? '' : `Answered ${status}`) : errorWords(error),
  },
  {
    key: 'attempts',
    header: 'Attempts',
    hideBelow: 'sm',
    cell: (delivery) => <AttemptTrack delivery={delivery} />,
  },
  {
    key: 'next',
    header: 'Next try',
    hideBelow: 'sm',
    cell: ({ nextAttemptAt }) => (nextAttemptAt === null ? '' : readableMoment(nextAttemptAt)),
  },
];

type RowActionsProps = { endpoint: Endpoint; delivery: Delivery; onOpen: () => void };

function RowActions({ endpoint, delivery, onOpen }: RowActionsProps) {
  const { tenant } = useApiContext();
  const { may } = useSession();
  const replay = useMutation({
    mutationFn: () => tenant.client.webhookEndpoint.replay({ id: endpoint.id, deliveryId: delivery.id }),
    onSuccess: () => tenant.cache.invalidateQueries(),
    onError: announceProblem,
  });
  const again =
    may('webhooks:endpoint.replay') && delivery.state !== 'pending' && endpoint.disabledAt === null;
  return (
    <Button.Group>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Attempts of ${delivery.type}`}
        onClick={onOpen}
      >
        Attempts
      </Button>
      {again ? (
        <Button
          size="compact-sm"
          variant="default"
          loading={replay.isPending}
          aria-label={`Send ${delivery.type} again`}
          onClick={() => replay.mutate()}
        >
          Send again
        </Button>
      ) : null}
    </Button.Group>
  );
}
