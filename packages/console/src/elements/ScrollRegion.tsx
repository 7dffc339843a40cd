import type { ReactNode } from 'react';
import styles from './ScrollRegion.module.css';

type ScrollRegionProps = { label: string; className?: string | undefined; children: ReactNode };

/** Content that scrolls sideways in its frame when the screen is too narrow, with the arrow keys too. */
export function ScrollRegion({ label, className = '', children }: ScrollRegionProps) {
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- only what can be focused can be scrolled by keyboard
    <section className={`${styles.region} ${className}`} aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
