import { createLink, type LinkComponent } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';
import styles from './RowLink.module.css';

type RowAnchorProps = AnchorHTMLAttributes<HTMLAnchorElement> & { ref?: Ref<HTMLAnchorElement> };

function RowAnchor({ className, children, ...rest }: RowAnchorProps) {
  return (
    <a {...rest} className={`${styles.link} ${className ?? ''}`}>
      {children}
    </a>
  );
}

/** A table row's main link; the whole row answers to the pointer. */
export const RowLink: LinkComponent<typeof RowAnchor> = createLink(RowAnchor);
