import { useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import { readableMoment } from '../elements/dates.ts';
import { Tag } from '../elements/Tag.tsx';
import styles from './ChainStatus.module.css';

/** How far the log is sealed, and what a signature outside the database covers. */
export function ChainStatus() {
  const { query } = useApi();
  const checkpoint = useQuery(query.audit.checkpoint.queryOptions({ input: {}, refetchInterval: 15_000 }));
  if (checkpoint.data === undefined) return null;
  const { size, sealed, at, note } = checkpoint.data;
  return (
    <output className={styles.status} aria-label="Seal of the log">
      <Tag tone={note === null ? 'plain' : 'good'}>{note === null ? 'Not signed' : 'Signed'}</Tag>
      <span>
        {sealed} {sealed === 1 ? 'entry' : 'entries'} sealed
        {note === null || at === null ? '' : `, ${size} under a checkpoint signed ${readableMoment(at)}`}
      </span>
    </output>
  );
}
