import { Button, Textarea } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi, useApiContext } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { CompanyRequired } from '../elements/CompanyRequired.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableDay, readableMoment } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { useSession } from '../session/SessionGate.tsx';
import styles from './PeriodPage.module.css';

type Period = Awaited<ReturnType<Client['books']['periods']['list']>>[number];

export function PeriodPage() {
  const { company } = useSession();
  return (
    <>
      <PageHeader title="Periods" lead={company?.name ?? 'A signed-off period takes no more postings'} />
      <CompanyRequired what="Periods are signed off">
        <PeriodList />
      </CompanyRequired>
    </>
  );
}

function PeriodList() {
  const { query } = useApi();
  const periods = useQuery(query.books.periods.list.queryOptions({ input: {} }));
  return (
    <Loaded query={periods} rows={12}>
      {(loaded) => (loaded.length === 0 ? <NoPeriods /> : <FiscalYears periods={loaded} />)}
    </Loaded>
  );
}

function NoPeriods() {
  return (
    <Panel>
      <EmptyState title="No fiscal year is open.">
        Open the books of this company on the overview page.
      </EmptyState>
    </Panel>
  );
}

function FiscalYears({ periods }: { periods: Period[] }) {
  const { may } = useSession();
  const [asked, setAsked] = useState<Period | null>(null);
  const years = [...new Set(periods.map((period) => period.fiscalYear))];
  const next = periods
    .filter(({ status }) => status === 'open')
    .map(({ startsOn }) => startsOn)
    .sort()[0];
  const columns = periodColumns(may('books:period.sign-off') ? setAsked : null, next);
  return (
    <>
      {years.map((year) => (
        <Panel key={year} title={`Fiscal year ${year}`} flush>
          <DataTable
            caption={`Periods of fiscal year ${year}`}
            columns={columns}
            rows={periods.filter((period) => period.fiscalYear === year)}
            rowKey={(period) => period.id}
          />
        </Panel>
      ))}
      {asked === null ? null : <SignOffDialog period={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

function periodColumns(ask: ((period: Period) => void) | null, next: string | undefined): Column<Period>[] {
  return [
    {
      key: 'period',
      header: 'Period',
      tight: true,
      cell: ({ startsOn, endsOn }) => `${readableDay(startsOn)} \u2013 ${readableDay(endsOn)}`,
    },
    {
      key: 'status',
      header: 'Status',
      tight: true,
      cell: ({ status }) =>
        status === 'open' ? (
          'Open'
        ) : (
          <span className={styles.signedOff}>
            <IconCircleCheck size={16} aria-hidden /> Signed off
          </span>
        ),
    },
    {
      key: 'drafts',
      header: 'Drafts',
      align: 'end',
      cell: ({ drafts }) => (drafts === 0 ? '\u2013' : drafts),
    },
    {
      key: 'when',
      header: 'Signed off',
      hideBelow: 'md',
      cell: ({ signedOffAt }) => (signedOffAt === null ? '' : readableMoment(signedOffAt)),
    },
    { key: 'note', header: 'Note', hideBelow: 'md', cell: ({ note }) => note ?? '' },
    {
      key: 'action',
      header: 'Action',
      align: 'end',
      cell: (period) =>
        period.status === 'open' && ask !== null ? (
          <Button
            size="compact-sm"
            variant={period.startsOn === next ? 'filled' : 'default'}
            aria-label={`Sign off ${readableDay(period.startsOn)} to ${readableDay(period.endsOn)}`}
            onClick={() => ask(period)}
          >
            Sign off
          </Button>
        ) : null,
    },
  ];
}

function SignOffDialog({ period, onClose }: { period: Period; onClose: () => void }) {
  const { client } = useApi();
  const { api } = useApiContext();
  const [note, setNote] = useState('');
  const signOff = useMutation({
    mutationFn: () =>
      client.books.periods.signOff({ id: period.id, ...(note.trim() === '' ? {} : { note: note.trim() }) }),
    onSuccess: async () => {
      onClose();
      announceDone(`Signed off through ${readableDay(period.endsOn)}.`);
      await api.cache.invalidateQueries();
    },
  });
  return (
    <ConfirmDialog
      opened
      title={`Sign off through ${readableDay(period.endsOn)}?`}
      action="Sign off for good"
      keep="Leave it open"
      danger
      working={signOff.isPending}
      error={signOff.error}
      onConfirm={() => signOff.mutate()}
      onClose={onClose}
    >
      <p>
        <strong>This is final.</strong> Nothing can be posted on or before {readableDay(period.endsOn)} any
        more, in this period or any earlier one. Nobody can undo it, not even an owner.
      </p>
      {period.drafts === 0 ? null : (
        <p>
          {period.drafts === 1 ? 'One draft is' : `${period.drafts} drafts are`} dated in this period and will
          need a later date to be submitted.
        </p>
      )}
      <Textarea
        label="Note (optional)"
        maxLength={500}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value.replaceAll('\n', ' '))}
        mb="sm"
      />
    </ConfirmDialog>
  );
}
