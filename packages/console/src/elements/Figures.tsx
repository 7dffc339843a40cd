import type { ReactNode } from 'react';
import styles from './Figures.module.css';

/** The few numbers of a page that matter most, side by side. Takes `Figure`s. */
export function Figures({ label, children }: { label?: string; children: ReactNode }) {
  return (
    <dl className={styles.figures} aria-label={label}>
      {children}
    </dl>
  );
}

type FigureProps = {
  label: string;
  value: ReactNode;
  /** The number should not be what it is. */
  alarm?: boolean;
};

export function Figure({ label, value, alarm = false }: FigureProps) {
  return (
    <div className={styles.figure} data-alarm={alarm || undefined}>
      <dt className={styles.label}>{label}</dt>
      <dd className={styles.value}>{value}</dd>
    </div>
  );
}
