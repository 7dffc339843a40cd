import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { readableMoment } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Panel } from '../elements/Panel.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import styles from './MailPage.module.css';

/** The demo's mail: what would have been sent, to everybody. Exists on a demo of this machine alone. */
export function MailPage() {
  const { account } = useApiContext();
  const mail = useQuery(
    account.query.mail.list.queryOptions({ input: {}, refetchInterval: 2000, retry: false }),
    account.cache,
  );
  const messages = mail.data?.messages;
  return (
    <main className={styles.stage}>
      <title>{'Mail (demo) \u00b7 Bulkhead'}</title>
      <header className={styles.head}>
        <h1 className={styles.title}>Mail (demo)</h1>
        <Link to="/">Back to the console</Link>
      </header>
      <p>
        The demo sends no mail. Whatever it would have sent, to whomever, is here, the newest first; only this
        machine can see it.
      </p>
      {mail.error === null ? null : <ProblemNotice error={mail.error} onRetry={() => void mail.refetch()} />}
      {messages?.length === 0 ? (
        <EmptyState title="No mail yet.">Sign up, forget a password, or invite somebody.</EmptyState>
      ) : null}
      {messages?.map(({ id, to, subject, text, createdAt }) => (
        <article key={id} aria-label={`${subject}, to ${to}`}>
          <Panel title={subject}>
            <p className={styles.envelope}>
              To {to}, {readableMoment(createdAt)}
            </p>
            <pre className={styles.text}>{linked(text)}</pre>
          </Panel>
        </article>
      ))}
      <Button variant="default" onClick={() => void mail.refetch()}>
        Look again
      </Button>
    </main>
  );
}

/** The text with its addresses of this console as links. */
function linked(text: string): ReactNode[] {
  return text.split(/(https?:\/\/\S+)/).map((part, index) => {
    const url = part.startsWith('http') ? URL.parse(part) : null;
    if (url === null) return part;
    // The same page by another of this machine's names would have no cookies.
    const here = url.pathname + url.search + url.hash;
    return (
      // oxlint-disable-next-line no-array-index-key -- the parts of one text never move
      <a key={index} href={here}>
        {part}
      </a>
    );
  });
}
