import { Button } from '@mantine/core';
import styles from './LoadMore.module.css';

type LoadMoreProps = {
  shown: number /** Singular and plural. */;
  noun: readonly [string, string];
  more: boolean;
  loading: boolean;
  onMore: () => void;
};

/** How many are shown, and the way to the next page. */
export function LoadMore({ shown, noun, more, loading, onMore }: LoadMoreProps) {
  return (
    <div className={styles.bar}>
      <output className={styles.count}>
        {more ? 'First ' : ''}
        {shown} {noun[shown === 1 ? 0 : 1]}
      </output>
      {more ? (
        <Button variant="default" size="xs" loading={loading} onClick={onMore}>
          Load more
        </Button>
      ) : null}
    </div>
  );
}
