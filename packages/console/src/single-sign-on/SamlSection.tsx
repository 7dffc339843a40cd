import type { ReactNode } from 'react';
import styles from './SamlSection.module.css';

/** One step of a connection's set-up, within its panel. */
export function SamlSection({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={styles.section}>
      <h3 className={styles.title}>{title}</h3>
      {children}
    </section>
  );
}
