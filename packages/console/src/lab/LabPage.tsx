import { useState } from 'react';
import { Figure, Figures } from '../elements/Figures.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { AnswerPanel } from './AnswerPanel.tsx';
import { AttemptForm } from './AttemptForm.tsx';
import { AttemptList } from './AttemptList.tsx';
import styles from './Lab.module.css';
import { useLab } from './useLab.ts';
import type { Lab } from './useLab.ts';

/** A deliberately injectable search box, and what two databases answer to what is typed into it. */
export function LabPage() {
  const { lab, answers, attempt } = useLab();
  return (
    <>
      <PageHeader title="Lab" lead="Inject SQL, and try to steal another organisation’s secret" />
      <Loaded query={lab} rows={10}>
        {(loaded) => (
          <>
            <Tally lab={loaded} />
            <Terms lab={loaded} />
            <Bench lab={loaded} attempt={attempt} answers={answers} />
            <Panel title="What was tried" flush>
              <AttemptList attempts={loaded.attempts} />
            </Panel>
          </>
        )}
      </Loaded>
    </>
  );
}

type BenchProps = { lab: Lab } & Pick<ReturnType<typeof useLab>, 'attempt' | 'answers'>;

function Bench({ lab, attempt, answers }: BenchProps) {
  const [beside, setBeside] = useState(true);
  const both = lab.plain && beside;
  return (
    <>
      <AttemptForm
        lab={lab}
        working={attempt.isPending}
        beside={beside}
        onBeside={setBeside}
        onAttempt={(text) => attempt.mutate({ text, targets: both ? ['sealed', 'plain'] : ['sealed'] })}
      />
      <div aria-live="polite" className={both ? styles.pair : styles.single}>
        {attempt.isError ? <ProblemNotice error={attempt.error} /> : null}
        {answers.sealed === undefined ? null : (
          <AnswerPanel title="Sealed context: this database" answer={answers.sealed} />
        )}
        {answers.plain === undefined ? null : (
          <AnswerPanel title="Plain setting: the copy" answer={answers.plain} />
        )}
      </div>
    </>
  );
}

function Tally({ lab: { tally, plain } }: { lab: Lab }) {
  return (
    <Figures>
      <Figure label="Attempts on the sealed context" value={tally.sealed.attempts} />
      <Figure label="Secrets of others it gave away" value={tally.sealed.foreignSecrets} />
      {plain ? <Figure label="Attempts on the plain setting" value={tally.plain.attempts} /> : null}
      {plain ? <Figure label="Secrets of others it gave away" value={tally.plain.foreignSecrets} /> : null}
    </Figures>
  );
}

function Terms({ lab: { limits } }: { lab: Lab }) {
  return (
    <Panel>
      <div className={styles.terms}>
        <div>
          <h2 className={styles.heading}>Broken on purpose: the query</h2>
          <p className={styles.text}>
            What you type is pasted into the SQL. It runs as <code>bulkhead_app</code>, the role of every
            request, under your own sealed context. Nothing filters it.
          </p>
        </div>
        <div>
          <h2 className={styles.heading}>What has to hold: the database</h2>
          <p className={styles.text}>
            Row-level security shows the rows of the tenant in the context, and the context’s seal cannot be
            forged. The copy has the same rows and a policy on a plain setting, which any SQL may rewrite.
          </p>
        </div>
        <div>
          <h2 className={styles.heading}>The terms</h2>
          <p className={styles.text}>
            One statement, rolled back; {limits.milliseconds / 1000} seconds, {limits.rows} rows,{' '}
            {Math.round(limits.bytes / 1024)} kB. Only the demo has this page, and only on this machine.
          </p>
        </div>
      </div>
    </Panel>
  );
}
