import { Alert, Button, CopyButton } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import styles from './ProblemNotice.module.css';
import { readProblem } from './problem.ts';
import { sentenceFor } from './sentence.ts';

/** An error as a sentence, with the request id to copy and, where it makes sense, another try. */
export function ProblemNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = readProblem(error);
  const { title, advice } = sentenceFor(problem);
  return (
    <Alert role="alert" color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title={title}>
      <div className={styles.text}>{advice}</div>
      <div className={styles.foot}>
        {onRetry === undefined ? null : (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
        <RequestId id={problem.requestId} />
      </div>
    </Alert>
  );
}

function RequestId({ id }: { id: string | undefined }) {
  if (id === undefined) return null;
  return (
    <CopyButton value={id}>
      {({ copied, copy }) => (
        <button type="button" className={styles.request} onClick={copy} aria-label={`Copy request id ${id}`}>
          Request <code>{id}</code> {copied ? '\u2713 copied' : 'copy'}
        </button>
      )}
    </CopyButton>
  );
}
