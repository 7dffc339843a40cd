import { Button } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableDay, readableMoment } from '../elements/dates.ts';
import { Panel } from '../elements/Panel.tsx';
import { useToday } from '../elements/useToday.ts';
import { useSession } from '../session/SessionGate.tsx';
import styles from './FiscalYears.module.css';
import { SignOffDialog } from './SignOffDialog.tsx';
import type { Period } from './types.ts';

/** The periods by fiscal year; those that are over and open can be signed off. */
export function FiscalYears({ periods }: { periods: readonly Period[] }) {
  const { may } = useSession();
  const today = useToday();
  const [asked, setAsked] = useState<Period | null>(null);
  const years = [...new Set(periods.map((period) => period.fiscalYear))];
  const ready = periods.filter(({ status, endsOn }) => status === 'open' && endsOn < today);
  const next = ready.map(({ id }) => id).at(-1);
  const action: Column<Period> = {
    key: 'action',
    header: 'Action',
    align: 'end',
    cell: (period) =>
      ready.includes(period) ? (
        <SignOffButton period={period} next={period.id === next} onAsk={setAsked} />
      ) : null,
  };
  return (
    <>
      {years.map((year) => (
        <Panel key={year} title={`Fiscal year ${year}`} flush>
          <DataTable
            caption={`Periods of fiscal year ${year}`}
            columns={may('books:period.sign-off') ? [...columns, action] : columns}
            rows={periods.filter((period) => period.fiscalYear === year)}
            rowKey={(period) => period.id}
          />
        </Panel>
      ))}
      {asked === null ? null : <SignOffDialog period={asked} onClose={() => setAsked(null)} />}
    </>
  );
}

const columns: Column<Period>[] = [
  {
    key: 'period',
    header: 'Period',
    tight: true,
    cell: ({ startsOn, endsOn }) => `${readableDay(startsOn)} \u2013 ${readableDay(endsOn)}`,
  },
  { key: 'status', header: 'Status', tight: true, cell: (period) => <PeriodStatus period={period} /> },
  { key: 'drafts', header: 'Drafts', align: 'end', cell: ({ drafts }) => (drafts === 0 ? '\u2013' : drafts) },
  {
    key: 'when',
    header: 'Signed off on',
    hideBelow: 'md',
    cell: ({ signedOffAt }) => (signedOffAt === null ? '' : readableMoment(signedOffAt)),
  },
  { key: 'note', header: 'Note', hideBelow: 'md', cell: ({ note }) => note ?? '' },
];

function PeriodStatus({ period: { status, endsOn } }: { period: Period }) {
  const today = useToday();
  if (status === 'signed-off') {
    return (
      <span className={styles.signedOff}>
        <IconCircleCheck size={16} aria-hidden /> Signed off
      </span>
    );
  }
  return endsOn < today ? 'Open' : <span className={styles.running}>Not over yet</span>;
}

type SignOffButtonProps = { period: Period; next: boolean; onAsk: (period: Period) => void };

/** `next`: the earliest open period, which is the usual one to sign off. */
function SignOffButton({ period, next, onAsk }: SignOffButtonProps) {
  return (
    <Button
      size="compact-sm"
      variant={next ? 'filled' : 'default'}
      aria-label={`Sign off ${readableDay(period.startsOn)} to ${readableDay(period.endsOn)}`}
      onClick={() => onAsk(period)}
    >
      Sign off
    </Button>
  );
}
