import { Button, Progress } from '@mantine/core';
import { Panel } from '../elements/Panel.tsx';
import styles from './ImportProgress.module.css';
import type { ImportSteps } from './useImport.ts';

const stages = { reading: 'Reading and checking', writing: 'Writing' } as const;

export function ImportProgress({ progress, onStop }: { progress: ImportSteps | null; onStop: () => void }) {
  const share =
    progress === null || progress.total === 0 ? 0 : Math.round((progress.done * 100) / progress.total);
  const label = progress === null ? 'Sending the file' : stages[progress.stage];
  return (
    <Panel>
      <div className={styles.row}>
        <span>{label}</span>
        <span className={styles.count}>
          {progress === null ? '' : `${progress.done} of ${progress.total}`}
        </span>
        <Button size="compact-sm" variant="default" onClick={onStop}>
          Stop
        </Button>
      </div>
      <Progress value={share} aria-label={label} animated={progress === null} />
    </Panel>
  );
}
