import type { ReactNode } from 'react';
import styles from './FilterBar.module.css';

/** The filters above a list, in one line where there is room. */
export function FilterBar({ children }: { children: ReactNode }) {
  return (
    <search className={styles.bar} aria-label="Filters">
      {children}
    </search>
  );
}
