import type { ReactNode } from 'react';
import styles from './DoneNotice.module.css';

/** Says in a page's own place that something worked, and what comes next. */
export function DoneNotice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <output className={styles.notice}>
      <strong>{title}</strong>
      <div>{children}</div>
    </output>
  );
}
