import { IconUserExclamation } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import styles from './Banner.module.css';

type BannerProps = { label: string; action: ReactNode; children: ReactNode };

/** Stands above the page until what it tells of is over. */
export function Banner({ label, action, children }: BannerProps) {
  return (
    <aside className={styles.banner} aria-label={label}>
      <IconUserExclamation size={20} stroke={1.7} aria-hidden className={styles.icon} />
      <p className={styles.text}>{children}</p>
      {action}
    </aside>
  );
}
