import { Button, Progress } from '@mantine/core';
import { Panel } from '../elements/Panel.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { AttackGrid } from './AttackGrid.tsx';
import styles from './Isolation.module.css';
import { useAttack, type AttackProgress } from './useAttack.ts';

/** Attacks the database that serves this page, and shows what came of it. */
export function AttackPanel() {
  const { state, start, stop } = useAttack();
  const running = state.step === 'running';
  return (
    <Panel
      title="Attack this database"
      actions={
        running ? (
          <Button size="xs" variant="default" onClick={stop}>
            Stop
          </Button>
        ) : (
          <Button size="xs" onClick={() => void start()}>
            Attack
          </Button>
        )
      }
    >
      <p className={styles.text}>
        As <code>bulkhead_app</code>, one tenant tries to read, change, move and reference another’s rows in
        every table. All of it is rolled back.
      </p>
      <div aria-live="polite">
        {running ? <Running progress={state.progress} /> : null}
        {state.step === 'failed' ? <ProblemNotice error={state.error} /> : null}
        {state.step === 'done' ? <AttackGrid result={state.result} /> : null}
      </div>
    </Panel>
  );
}

function Running({ progress }: { progress: AttackProgress | null }) {
  const share = progress === null ? 0 : (progress.done / Math.max(1, progress.total)) * 100;
  return (
    <div className={styles.running}>
      <Progress value={share} aria-label="Tables attacked" />
      <p className={styles.text}>
        {progress === null
          ? 'Reading the catalog …'
          : `${progress.table}, ${progress.done + 1} of ${progress.total}`}
      </p>
    </div>
  );
}
