import { DataTable } from '../elements/DataTable.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Panel } from '../elements/Panel.tsx';
import { Tag, type Tone } from '../elements/Tag.tsx';
import styles from './Lab.module.css';
import type { AttemptResult } from './useLab.ts';

/** What one database answered. */
export function AnswerPanel({ title, answer }: { title: string; answer: AttemptResult }) {
  const { tone, word } = verdictOf(answer);
  return (
    <Panel title={title} actions={<Tag tone={tone}>{word}</Tag>} flush>
      <pre className={styles.ran} aria-label="The statement that ran">
        {answer.sql}
      </pre>
      <AnswerBody answer={answer} />
      <p className={styles.foot}>{answer.milliseconds} ms, rolled back</p>
    </Panel>
  );
}

function verdictOf({ foreignSecrets, outcome }: AttemptResult): { tone: Tone; word: string } {
  if (foreignSecrets > 0) {
    return {
      tone: 'bad',
      word: foreignSecrets === 1 ? '1 secret leaked' : `${foreignSecrets} secrets leaked`,
    };
  }
  if (outcome.kind === 'refused') return { tone: 'good', word: 'Refused' };
  if (outcome.kind === 'stopped') return { tone: 'plain', word: 'Stopped' };
  return outcome.kind === 'error'
    ? { tone: 'plain', word: 'SQL error' }
    : { tone: 'good', word: 'Nothing of others' };
}

const stops = {
  time: 'It took longer than the lab waits.',
  size: 'It answered more than the lab reads.',
  connection: 'The connection was lost.',
} as const;

function AnswerBody({ answer: { outcome } }: { answer: AttemptResult }) {
  if (outcome.kind === 'stopped') return <EmptyState title={stops[outcome.reason]} />;
  if (outcome.kind !== 'rows') {
    return (
      <div className={styles.said}>
        <p>
          <code>{outcome.sqlstate}</code> {outcome.message}
        </p>
        {outcome.hint === null ? null : <p className={styles.hint}>{outcome.hint}</p>}
      </div>
    );
  }
  if (outcome.rows.length === 0) return <EmptyState title="No rows." />;
  const rows = outcome.rows.map((cells, at) => ({ cells, at }));
  return (
    <>
      <DataTable
        caption="Rows that came back"
        columns={outcome.columns.map((header, column) => ({
          key: String(column),
          header,
          cell: ({ cells }: (typeof rows)[number]) => <Value text={cells[column] ?? null} />,
        }))}
        rows={rows}
        rowKey={({ at }) => String(at)}
      />
      {outcome.truncated ? <p className={styles.foot}>There were more rows than the lab reads.</p> : null}
    </>
  );
}

function Value({ text }: { text: string | null }) {
  return text === null ? <em>null</em> : <code className={styles.cell}>{text}</code>;
}
