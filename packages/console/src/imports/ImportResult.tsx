import { Alert } from '@mantine/core';
import { IconCircleCheck, IconInfoCircle } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { Panel } from '../elements/Panel.tsx';
import styles from './ImportResult.module.css';
import type { ImportDone, ImportMode, ImportPlan } from './useImport.ts';

type ImportError = ImportDone['errors'][number];
type ImportResultProps = { result: ImportDone; plan: ImportPlan };

/** What an import did, and which lines it could not take. */
export function ImportResult({ result, plan: { kind, mode } }: ImportResultProps) {
  const { errors, errorCount, written } = result;
  return (
    <>
      <Alert
        color={errorCount === 0 || written ? 'teal' : 'orange'}
        variant="light"
        icon={errorCount === 0 || written ? <IconCircleCheck aria-hidden /> : <IconInfoCircle aria-hidden />}
        title={headline(result, mode)}
      >
        <span className={styles.text}>
          {advice(result, mode)}{' '}
          {written && result.imported > 0 ? (
            <Link to={kind === 'customers' ? '/customers' : '/invoices'} className={styles.link}>
              See the {kind}
            </Link>
          ) : null}
        </span>
      </Alert>
      {errors.length === 0 ? null : (
        <div className={styles.errors}>
          <Panel
            title={
              errorCount > errors.length
                ? `First ${errors.length} of ${errorCount} problems`
                : `${errorCount} ${errorCount === 1 ? 'problem' : 'problems'}`
            }
            flush
          >
            <DataTable
              caption="Problems by line"
              columns={columns}
              rows={errors}
              rowKey={(error) => `${error.line} ${error.column ?? ''} ${error.code}`}
            />
          </Panel>
        </div>
      )}
    </>
  );
}

const columns: Column<ImportError>[] = [
  { key: 'line', header: 'Line', tight: true, cell: ({ line }) => line },
  {
    key: 'column',
    header: 'Column',
    tight: true,
    cell: ({ column }) => (column === null ? '' : <code>{column}</code>),
  },
  { key: 'message', header: 'Problem', cell: ({ message }) => message },
];

function headline(
  { imported, skipped, total, written, errorCount, errors }: ImportDone,
  mode: ImportMode,
): string {
  if (mode === 'dry-run') {
    return errorCount === 0 ? `All ${total} lines are good.` : problemCount({ errors, errorCount, total });
  }
  if (!written) return 'Nothing was imported.';
  return skipped === 0
    ? `All ${imported} lines are imported.`
    : `${imported} of ${total} lines are imported, ${skipped} left out.`;
}

/** How many lines are bad; when not all problems were reported, only how many problems. */
function problemCount({
  errors,
  errorCount,
  total,
}: Pick<ImportDone, 'errors' | 'errorCount' | 'total'>): string {
  if (errorCount > errors.length) return `There are ${errorCount} problems in ${total} lines.`;
  const bad = new Set(errors.map(({ line }) => line)).size;
  return `${bad} of ${total} lines ${bad === 1 ? 'has' : 'have'} problems.`;
}

function advice({ written, errorCount }: ImportDone, mode: ImportMode): string {
  if (mode === 'dry-run') {
    return errorCount === 0
      ? 'Nothing was written. Import the file when you like.'
      : 'Nothing was written. Correct the lines below, or import and skip them.';
  }
  if (!written) return 'Correct the lines below and import the file again, or choose to skip bad lines.';
  return errorCount === 0 ? '' : 'Correct the lines below and import them in a file of their own.';
}
