import { NativeSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import { DataTable } from '../elements/DataTable.tsx';
import { Figure, Figures } from '../elements/Figures.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { countText } from '../isolation/counts.ts';
import type { RateClass, Usage } from './types.ts';
import { UsageChart } from './UsageChart.tsx';

/** Milliseconds between two looks at the figures. */
const rhythm = 5000;

const classNames: Readonly<Record<RateClass, string>> = {
  read: 'Reads',
  write: 'Changes',
  heavy: 'Reports and imports',
};
const quotaNames: Readonly<Record<Usage['quotas'][number]['name'], string>> = {
  members: 'Members',
  apiKeys: 'API keys',
  webhookEndpoints: 'Webhook endpoints',
};

/** What the organisation uses, and what its tier allows. */
export function UsagePage() {
  const { query } = useApi();
  const [step, setStep] = useState<Usage['step']>('hour');
  const [rateClass, setRateClass] = useState<RateClass>('read');
  const usage = useQuery(
    query.usage.read.queryOptions({
      input: { step },
      refetchInterval: rhythm,
      staleTime: 0,
      placeholderData: keepPreviousData,
    }),
  );
  return (
    <>
      <PageHeader title="Usage" lead="Requests of the whole organisation, and what its tier allows" />
      <Loaded query={usage} rows={8}>
        {(loaded) => (
          <>
            <Summary usage={loaded} />
            <Panel
              title={`${classNames[rateClass]} by ${loaded.step}`}
              actions={
                <Choice rateClass={rateClass} onRateClass={setRateClass} step={step} onStep={setStep} />
              }
            >
              <UsageChart usage={loaded} rateClass={rateClass} what={classNames[rateClass]} />
            </Panel>
            <Limits limits={loaded.limits} />
            <Quotas quotas={loaded.quotas} />
          </>
        )}
      </Loaded>
    </>
  );
}

type ChoiceProps = {
  rateClass: RateClass;
  onRateClass: (rateClass: RateClass) => void;
  step: Usage['step'];
  onStep: (step: Usage['step']) => void;
};

function Choice({ rateClass, onRateClass, step, onStep }: ChoiceProps) {
  return (
    <>
      <NativeSelect
        aria-label="Requests"
        size="xs"
        value={rateClass}
        onChange={({ currentTarget: { value } }) => onRateClass(value as RateClass)}
        data={Object.entries(classNames).map(([value, label]) => ({ value, label }))}
      />
      <NativeSelect
        aria-label="By"
        size="xs"
        value={step}
        onChange={({ currentTarget: { value } }) => onStep(value as Usage['step'])}
        data={[
          { value: 'hour', label: 'Hour, for two days' },
          { value: 'day', label: 'Day, for a month' },
        ]}
      />
    </>
  );
}

function Summary({ usage: { tier, points, step } }: { usage: Usage }) {
  const sum = (count: (point: Usage['points'][number]) => number) =>
    countText(points.reduce((total, point) => total + count(point), 0));
  return (
    <Figures label={step === 'hour' ? 'The last two days' : 'The last 30 days'}>
      <Figure label="Tier" value={tier?.title ?? 'None'} />
      <Figure label="Requests answered" value={sum(({ answered }) => answered)} />
      <Figure label="Refused for coming too often" value={sum(({ refused }) => refused)} />
    </Figures>
  );
}

function Limits({ limits }: { limits: Usage['limits'] }) {
  if (limits.length === 0) return null;
  return (
    <Panel title="Limits of the organisation" flush>
      <DataTable
        caption="Limits of the organisation"
        rows={limits}
        rowKey={({ rateClass }) => rateClass}
        columns={[
          { key: 'class', header: 'Requests', cell: ({ rateClass }) => classNames[rateClass] },
          { key: 'cap', header: 'A minute', align: 'end', cell: ({ cap }) => countText(cap) },
          { key: 'burst', header: 'Beyond it, an hour', align: 'end', cell: ({ burst }) => countText(burst) },
        ]}
      />
    </Panel>
  );
}

function Quotas({ quotas }: { quotas: Usage['quotas'] }) {
  return (
    <Panel title="Quotas" flush>
      <DataTable
        caption="Quotas"
        rows={quotas}
        rowKey={({ name }) => name}
        columns={[
          { key: 'name', header: 'What', cell: ({ name }) => quotaNames[name] },
          { key: 'taken', header: 'Taken', align: 'end', cell: ({ taken }) => countText(taken) },
          {
            key: 'allowed',
            header: 'Allowed',
            align: 'end',
            cell: ({ allowed }) => (allowed === null ? 'Any number' : countText(allowed)),
          },
        ]}
      />
    </Panel>
  );
}
