import { Button, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import { ScrollRegion } from '../elements/ScrollRegion.tsx';
import styles from './DiffTable.module.css';
import type { FieldChange } from './diff.ts';

/** Before and after, field by field: marked by sign and by colour. Fields that stayed the same are folded away. */
export function DiffTable({ changes }: { changes: readonly FieldChange[] }) {
  const [all, setAll] = useState(false);
  const same = changes.filter(({ kind }) => kind === 'same');
  const shown = all ? changes : changes.filter(({ kind }) => kind !== 'same');
  return (
    <div className={styles.diff}>
      <ScrollRegion label="Before and after" className={styles.scroller}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((change) => (
              <tr key={change.field}>
                <th scope="row">{change.field}</th>
                <Side
                  sign={'\u2212'}
                  word="was"
                  value={change.before}
                  marked={change.kind === 'changed' || change.kind === 'removed'}
                  className={styles.removed}
                />
                <Side
                  sign="+"
                  word="is"
                  value={change.after}
                  marked={change.kind === 'changed' || change.kind === 'added'}
                  className={styles.added}
                />
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {same.length === 0 ? null : (
        <Button size="compact-xs" variant="subtle" onClick={() => setAll(!all)}>
          {all
            ? 'Hide unchanged fields'
            : `Show ${same.length} unchanged ${same.length === 1 ? 'field' : 'fields'}`}
        </Button>
      )}
    </div>
  );
}

type SideProps = {
  sign: string;
  word: string;
  value: string | null;
  marked: boolean;
  className: string | undefined;
};

function Side({ sign, word, value, marked, className }: SideProps) {
  if (value === null) {
    return (
      <td>
        <VisuallyHidden>none</VisuallyHidden>
      </td>
    );
  }
  if (!marked) return <td>{value}</td>;
  return (
    <td className={className}>
      <span className={styles.sign} aria-hidden>
        {sign}
      </span>
      <VisuallyHidden>{word} </VisuallyHidden>
      {value}
    </td>
  );
}
