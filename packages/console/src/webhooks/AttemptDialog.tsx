import { Modal } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { errorWords } from './states.ts';
import type { Attempt, Delivery } from './types.ts';

/** Every attempt of a delivery, with how the endpoint answered. */
export function AttemptDialog({ delivery, onClose }: { delivery: Delivery; onClose: () => void }) {
  const { tenant } = useApiContext();
  const attempts = useQuery(
    tenant.query.webhookEndpoint.attempts.queryOptions({ input: { id: delivery.id } }),
    tenant.cache,
  );
  return (
    <Modal opened onClose={onClose} title={`Attempts of ${delivery.type}`} size="lg">
      <p>
        <code>evt_{delivery.eventId}</code>, {delivery.bodyBytes} bytes
        {delivery.replays === 0 ? '' : `, sent again ${delivery.replays} times`}
      </p>
      <Loaded query={attempts} rows={2}>
        {({ attempts: rows }) =>
          rows.length === 0 ? (
            <EmptyState title="It was not tried yet." />
          ) : (
            <DataTable caption="Attempts" columns={columns} rows={rows} rowKey={({ begunAt }) => begunAt} />
          )
        }
      </Loaded>
    </Modal>
  );
}

const columns: Column<Attempt>[] = [
  { key: 'number', header: 'Attempt', align: 'end', cell: ({ number }) => number },
  { key: 'at', header: 'At', cell: ({ begunAt }) => readableMoment(begunAt) },
  {
    key: 'result',
    header: 'Result',
    cell: ({ error, status }) => (error === null ? `Answered ${status ?? ''}` : errorWords(error)),
  },
  { key: 'took', header: 'Took', align: 'end', cell: ({ durationMs }) => `${durationMs} ms` },
  { key: 'answer', header: 'It said', cell: ({ answer }) => (answer === null ? '' : <code>{answer}</code>) },
];
