import { useLocation } from '@tanstack/react-router';
import { useEffect, useRef, type ReactNode } from 'react';
import styles from './PageHeader.module.css';

/** Pages seen so far in this load; the first keeps the browser's own focus. */
const arrivals = { count: 0 };

type PageHeaderProps = { title: string; lead?: ReactNode; actions?: ReactNode };

/**
 * The page's heading and the document's title. After a change of page the heading takes the focus, so that
 * a screen reader announces the page and the keyboard starts at its top.
 */
export function PageHeader({ title, lead, actions }: PageHeaderProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    arrivals.count += 1;
    if (arrivals.count > 1) heading.current?.focus({ preventScroll: true });
  }, [pathname]);
  return (
    <header className={styles.header}>
      <title>{`${title} \u00b7 Bulkhead`}</title>
      <div className={styles.text}>
        <h1 ref={heading} tabIndex={-1} className={styles.title}>
          {title}
        </h1>
        {lead === undefined ? null : <div className={styles.lead}>{lead}</div>}
      </div>
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
    </header>
  );
}
