import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Tag } from '../elements/Tag.tsx';
import styles from './Lab.module.css';
import type { Lab } from './useLab.ts';

type Attempt = Lab['attempts'][number];

/** The tenant's latest attempts. */
export function AttemptList({ attempts }: { attempts: readonly Attempt[] }) {
  if (attempts.length === 0) return <EmptyState title="Nothing yet. Go ahead." />;
  return <DataTable caption="Attempts" columns={columns} rows={attempts} rowKey={({ id }) => id} />;
}

const columns: Column<Attempt>[] = [
  { key: 'at', header: 'When', tight: true, cell: ({ at }) => readableMoment(at) },
  { key: 'who', header: 'Who', hideBelow: 'md', cell: ({ who }) => who },
  {
    key: 'target',
    header: 'Against',
    tight: true,
    cell: ({ target }) => (target === 'sealed' ? 'Sealed context' : 'Plain setting'),
  },
  {
    key: 'input',
    header: 'Text',
    cell: ({ input }) => (
      <code className={styles.tried} title={input}>
        {input}
      </code>
    ),
  },
  { key: 'outcome', header: 'Outcome', tight: true, cell: (attempt) => <OutcomeTag attempt={attempt} /> },
];

function OutcomeTag({ attempt }: { attempt: Attempt }) {
  const { outcome, rows, sqlstate, foreignSecrets } = attempt;
  if (foreignSecrets > 0) return <Tag tone="bad">Leaked</Tag>;
  if (outcome === 'rows') return <Tag tone="good">{rows === 1 ? '1 own row' : `${rows} own rows`}</Tag>;
  if (outcome === 'refused') return <Tag tone="good">{`Refused ${sqlstate ?? ''}`}</Tag>;
  return <Tag tone="plain">{outcome === 'error' ? `Error ${sqlstate ?? ''}` : 'Stopped'}</Tag>;
}
