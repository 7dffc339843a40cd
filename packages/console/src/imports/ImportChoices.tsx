import { Radio, Stack } from '@mantine/core';
import { importKinds, type ImportKind } from './columns.ts';
import styles from './ImportChoices.module.css';
import type { ImportMode, ImportPlan } from './useImport.ts';

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

type ImportChoicesProps = { plan: ImportPlan; onChange: (plan: ImportPlan) => void };

/** What is in the file, and what happens to bad lines. */
export function ImportChoices({ plan, onChange }: ImportChoicesProps) {
  return (
    <div className={styles.choices}>
      <Radio.Group<ImportKind>
        label="What is in the file"
        value={plan.kind}
        onChange={(kind) => onChange({ ...plan, kind })}
      >
        <Stack gap="sm" mt="xs">
          {importKinds.map(({ value, label, columns }) => (
            <Radio key={value} value={value} label={label} description={columns} />
          ))}
        </Stack>
      </Radio.Group>
      <Radio.Group<ImportMode>
        label="What to do"
        value={plan.mode}
        onChange={(mode) => onChange({ ...plan, mode })}
      >
        <Stack gap="sm" mt="xs">
          {modes.map((mode) => (
            <Radio key={mode.value} {...mode} />
          ))}
        </Stack>
      </Radio.Group>
    </div>
  );
}
