import type { ReactNode } from 'react';
import { Mark } from '../shell/Mark.tsx';
import styles from './EntryFrame.module.css';

type EntryFrameProps = {
  title: string;
  children: ReactNode;
  foot: ReactNode;
  /** For a table. */
  wide?: boolean;
};

/** The frame of the pages outside the shell: before sign-in, and an operator's. */
export function EntryFrame({ title, children, foot, wide = false }: EntryFrameProps) {
  return (
    <main className={styles.stage}>
      <title>{`${title} \u00b7 Bulkhead`}</title>
      <div className={styles.card} data-wide={wide || undefined}>
        <div className={styles.brand}>
          <Mark />
          <span>Bulkhead</span>
        </div>
        <h1 className={styles.title}>{title}</h1>
        {children}
        <div className={styles.foot}>{foot}</div>
      </div>
    </main>
  );
}
