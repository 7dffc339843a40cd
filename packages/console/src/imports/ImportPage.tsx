import { Button, FileButton, Group, Radio, Stack } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { CompanyRequired } from '../elements/CompanyRequired.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { importKinds, type ImportKind } from './columns.ts';
import styles from './ImportPage.module.css';
import { ImportProgress } from './ImportProgress.tsx';
import { ImportResult } from './ImportResult.tsx';
import { useImport, type ImportMode } from './useImport.ts';

/** Bytes of the largest file the server takes. */
const largestFile = 8 * 1024 * 1024;

export function ImportPage() {
  const { company } = useSession();
  return (
    <>
      <PageHeader
        title="Import"
        lead={company === undefined ? 'Customers and invoices from CSV' : `CSV into ${company.name}`}
      />
      <CompanyRequired what="A file is imported into">
        <ImportForm />
      </CompanyRequired>
    </>
  );
}

const modes: { value: ImportMode; label: string; description: string }[] = [
  {
    value: 'dry-run',
    label: 'Check only',
    description: 'Reads everything, reports every problem, writes nothing.',
  },
  {
    value: 'all-or-nothing',
    label: 'All or nothing',
    description: 'Imports the file only if every line is good.',
  },
  {
    value: 'skip-bad-lines',
    label: 'Skip bad lines',
    description: 'Imports the good lines and lists the others.',
  },
];

function ImportForm() {
  const [kind, setKind] = useState<ImportKind>('customers');
  const [mode, setMode] = useState<ImportMode>('dry-run');
  const [file, setFile] = useState<File | null>(null);
  const run = useImport();
  const tooLarge = file !== null && file.size > largestFile;
  function submit(event: FormEvent): void {
    event.preventDefault();
    if (file !== null && !tooLarge) void run.start({ kind, mode, file });
  }
  return (
    <>
      <form onSubmit={submit}>
        <Panel>
          <div className={styles.choices}>
            <Radio.Group
              label="What is in the file"
              value={kind}
              onChange={(value) => setKind(value as ImportKind)}
            >
              <Stack gap="sm" mt="xs">
                {importKinds.map(({ value, label, columns }) => (
                  <Radio key={value} value={value} label={label} description={columns} />
                ))}
              </Stack>
            </Radio.Group>
            <Radio.Group label="What to do" value={mode} onChange={(value) => setMode(value as ImportMode)}>
              <Stack gap="sm" mt="xs">
                {modes.map((choice) => (
                  <Radio key={choice.value} {...choice} />
                ))}
              </Stack>
            </Radio.Group>
          </div>
          <Group mt="lg" gap="sm">
            <FileButton accept=".csv,text/csv" onChange={setFile} inputProps={{ 'aria-label': 'CSV file' }}>
              {(props) => (
                <Button {...props} variant="default">
                  {file === null ? 'Choose a CSV file' : 'Choose another file'}
                </Button>
              )}
            </FileButton>
            <span className={styles.file}>
              {file === null
                ? 'UTF-8, comma or semicolon, up to 8 MB'
                : `${file.name}, ${readableSize(file.size)}`}
            </span>
            <Button
              type="submit"
              disabled={file === null || tooLarge}
              loading={run.state.step === 'running'}
              className={styles.start ?? ''}
            >
              {mode === 'dry-run' ? 'Check the file' : 'Import the file'}
            </Button>
          </Group>
          {tooLarge ? (
            <p role="alert" className={styles.tooLarge}>
              The file is larger than 8 MB. Split it into smaller ones.
            </p>
          ) : null}
        </Panel>
      </form>
      <div aria-live="polite" className={styles.outcome}>
        {run.state.step === 'running' ? <ImportProgress {...run.state} onStop={run.stop} /> : null}
        {run.state.step === 'failed' ? <ProblemNotice error={run.state.error} /> : null}
        {run.state.step === 'done' ? (
          <ImportResult result={run.state.result} mode={run.state.mode} kind={run.state.kind} />
        ) : null}
      </div>
    </>
  );
}

function readableSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
