import type { ReactNode } from 'react';
import styles from './DataTable.module.css';
import { ScrollRegion } from './ScrollRegion.tsx';

/** One column: how it is headed, aligned and drawn, and on how narrow a screen it may be left out. */
export type Column<Row> = {
  key: string;
  header: string;
  cell: (row: Row) => ReactNode;
  align?: 'end';
  /** Keeps numbers or short words on one line. */
  tight?: boolean;
  hideBelow?: 'sm' | 'md';
};

type DataTableProps<Row> = {
  /** What the table lists, for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  foot?: ReactNode;
};

/** A table that scrolls sideways inside its frame when the screen is too narrow for it. */
export function DataTable<Row>({ caption, columns, rows, rowKey, foot }: DataTableProps<Row>) {
  return (
    <ScrollRegion label={caption}>
      <table className={styles.table}>
        <caption className={styles.caption}>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.key} scope="col" className={cellClass(column)}>
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.key} className={cellClass(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {foot === undefined ? null : <tfoot>{foot}</tfoot>}
      </table>
    </ScrollRegion>
  );
}

function cellClass({
  align,
  tight,
  hideBelow,
}: Pick<Column<never>, 'align' | 'tight' | 'hideBelow'>): string {
  return [
    align === 'end' ? styles.end : '',
    tight === true || align === 'end' ? styles.tight : '',
    hideBelow === undefined ? '' : `mantine-visible-from-${hideBelow}`,
  ]
    .filter(Boolean)
    .join(' ');
}
