import type { ReactNode } from 'react';
import styles from './Panel.module.css';

type PanelProps = { title?: string; actions?: ReactNode; children: ReactNode; flush?: boolean };

/** A framed part of a page. `flush` lets a table reach the frame. */
export function Panel({ title, actions, children, flush = false }: PanelProps) {
  return (
    <section className={styles.panel}>
      {title === undefined && actions === undefined ? null : (
        <div className={styles.head}>
          {title === undefined ? null : <h2 className={styles.title}>{title}</h2>}
          {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
        </div>
      )}
      <div className={flush ? styles.flush : styles.body}>{children}</div>
    </section>
  );
}
