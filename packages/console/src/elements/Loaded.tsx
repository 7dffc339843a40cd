import { Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import styles from './Loaded.module.css';

/** The part of a query's result that decides what is shown. */
type Loadable<Data> = {
  data: Data | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => Promise<unknown>;
};

type LoadedProps<Data> = { query: Loadable<Data>; rows?: number; children: (data: Data) => ReactNode };

/** Shows a skeleton while loading, the problem if it failed, else the data. */
export function Loaded<Data>({ query, rows = 6, children }: LoadedProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isPending) return <LoadingRows rows={rows} />;
  return (
    <div data-failed>
      <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />
    </div>
  );
}

function LoadingRows({ rows }: { rows: number }) {
  return (
    <output className={styles.loading} aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={16} width={row % 3 === 2 ? '70%' : '100%'} />
      ))}
    </output>
  );
}
