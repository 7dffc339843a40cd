import { Button, Group, NativeSelect } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { Tag } from '../elements/Tag.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { useSession } from '../session/SessionGate.tsx';
import type { ReceivedEvent } from './types.ts';

type State = ReceivedEvent['state'];

const states: Record<State, { label: string; tone: 'good' | 'bad' | 'plain' }> = {
  waiting: { label: 'Waiting', tone: 'plain' },
  processed: { label: 'Processed', tone: 'good' },
  ignored: { label: 'Ignored', tone: 'plain' },
  failed: { label: 'Failed', tone: 'bad' },
};

/** The latest hundred events that came, and a way to have those processed that were not. */
export function EventPanel() {
  const { tenant } = useApiContext();
  const { may } = useSession();
  const [state, setState] = useState<State | ''>('');
  const input = { limit: 100, ...(state === '' ? {} : { state }) };
  const events = useQuery(
    { ...tenant.query.source.events.queryOptions({ input }), refetchInterval: 5000 },
    tenant.cache,
  );
  const replay = useReplay();
  const onReplay = may('webhooks:source.replay') ? replay.mutate : null;
  return (
    <Panel
      title="What came"
      flush
      actions={<Choice state={state} onChange={setState} onReplay={onReplay && (() => onReplay('failed'))} />}
    >
      {replay.error === null ? null : <ProblemNotice error={replay.error} />}
      <Loaded query={events} rows={3}>
        {({ events: rows }) =>
          rows.length === 0 ? (
            <EmptyState title="No event of this kind came yet." />
          ) : (
            <DataTable
              caption="Events that came"
              columns={onReplay === null ? columns : [...columns, actionColumn((id) => onReplay([id]))]}
              rows={rows}
              rowKey={({ id }) => id}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

/** Has events processed anew, and says how many. */
function useReplay() {
  const { tenant } = useApiContext();
  return useMutation({
    mutationFn: (chosen: string[] | 'failed') => tenant.client.source.replay({ events: chosen }),
    onSuccess: async ({ replayed }) => {
      announceDone(
        replayed === 1 ? 'One event is processed anew.' : `${replayed} events are processed anew.`,
      );
      await tenant.cache.invalidateQueries();
    },
  });
}

function actionColumn(onReplay: (id: string) => void): Column<ReceivedEvent> {
  return {
    key: 'action',
    header: 'Action',
    align: 'end',
    cell: ({ id, eventId, replayable }) =>
      replayable ? (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Process ${eventId} anew`}
          onClick={() => onReplay(id)}
        >
          Process anew
        </Button>
      ) : null,
  };
}

type ChoiceProps = {
  state: State | '';
  onChange: (state: State | '') => void;
  onReplay: (() => void) | null;
};

function Choice({ state, onChange, onReplay }: ChoiceProps) {
  const options = Object.entries(states).map(([value, { label }]) => ({ value, label }));
  return (
    <Group gap="xs">
      <NativeSelect
        aria-label="State"
        size="xs"
        data={[{ value: '', label: 'All' }, ...options]}
        value={state}
        onChange={(event) => onChange(event.currentTarget.value as State | '')}
      />
      {onReplay === null ? null : (
        <Button size="compact-sm" variant="default" onClick={onReplay}>
          Process failed anew
        </Button>
      )}
    </Group>
  );
}

const columns: Column<ReceivedEvent>[] = [
  { key: 'at', header: 'Came', tight: true, cell: ({ receivedAt }) => readableMoment(receivedAt) },
  { key: 'source', header: 'From', hideBelow: 'sm', cell: ({ sourceName }) => sourceName },
  { key: 'type', header: 'Type', cell: ({ eventType }) => <code>{eventType}</code> },
  { key: 'id', header: 'Id', hideBelow: 'md', cell: ({ eventId }) => <code>{eventId}</code> },
  {
    key: 'state',
    header: 'State',
    cell: ({ state, attempts, error }) => (
      <span title={error === null ? undefined : `${error}, ${attempts} tries`}>
        <Tag tone={states[state].tone}>{states[state].label}</Tag>
      </span>
    ),
  },
];
