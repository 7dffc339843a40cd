import { UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { readableMoment } from '../elements/dates.ts';
import { FactList } from '../elements/FactList.tsx';
import { ScrollRegion } from '../elements/ScrollRegion.tsx';
import { useSession } from '../session/SessionGate.tsx';
import styles from './AuditEntryItem.module.css';
import { DiffTable } from './DiffTable.tsx';
import { fieldChanges, valueText } from './diff.ts';
import { ProofButton } from './ProofButton.tsx';
import type { AuditEntry } from './useTail.ts';

type AuditEntryItemProps = { entry: AuditEntry; members: ReadonlyMap<string, string> };

/** One entry; opened, it shows the difference and where the request came from. */
export function AuditEntryItem({ entry, members }: AuditEntryItemProps) {
  const [opened, setOpened] = useState(false);
  const body = useId();
  const actor = actorName(entry.actor, members);
  return (
    <li className={styles.entry}>
      <UnstyledButton
        className={styles.head}
        aria-expanded={opened}
        aria-controls={body}
        onClick={() => setOpened(!opened)}
      >
        <IconChevronRight size={16} className={styles.chevron} aria-hidden />
        <time className={styles.time} dateTime={entry.occurredAt}>
          {readableMoment(entry.occurredAt)}
        </time>
        <span className={styles.actor}>{actor}</span>
        <span className={styles.action} data-action={entry.action}>
          {entry.action.replaceAll('_', ' ').replace('.', ' · ')}
        </span>
        <span className={styles.type}>{entry.target.type}</span>
        <span className={styles.summary}>{summary(entry)}</span>
      </UnstyledButton>
      <div id={body} hidden={!opened} className={styles.body}>
        {opened ? <EntryBody entry={entry} actor={actor} /> : null}
      </div>
    </li>
  );
}

function actorName({ kind, id }: AuditEntry['actor'], members: ReadonlyMap<string, string>): string {
  if (id === null) return kind;
  return members.get(id) ?? `${kind} ${id.slice(0, 8)}`;
}

function EntryBody({ entry, actor }: { entry: AuditEntry; actor: string }) {
  const { companies } = useSession();
  const { before, after } = legible(entry);
  return (
    <>
      {before === null && after === null ? null : <DiffTable changes={fieldChanges(before, after)} />}
      {entry.detail === null ? null : (
        <ScrollRegion label="Detail" className={styles.detail}>
          <pre>{JSON.stringify(entry.detail, null, 2)}</pre>
        </ScrollRegion>
      )}
      <FactList
        facts={[
          [
            'Actor',
            entry.actor.onBehalfOf === null ? actor : `${actor} on behalf of ${entry.actor.onBehalfOf}`,
          ],
          [
            'Company',
            entry.company === null
              ? 'none: the whole organisation'
              : companies.find(({ id }) => id === entry.company)?.name,
          ],
          [
            'Record',
            entry.target.id === null ? null : (
              <RecordLink key="record" id={entry.target.id} type={entry.target.type} />
            ),
          ],
          [
            'Entry',
            <span key="entry">
              {entry.id} <ProofButton id={entry.id} />
            </span>,
          ],
          ['Erased', entry.erased.length === 0 ? null : entry.erased.join(', ')],
          ['Sensitive, in no entry', entry.withheld.length === 0 ? null : entry.withheld.join(', ')],
          ['Request', entry.requestId === null ? null : <RequestLink key="request" id={entry.requestId} />],
          ['Address', entry.ip],
          ['Agent', entry.userAgent],
        ]}
      />
    </>
  );
}

/** Before and after, saying of each value that is gone why it is. */
function legible({ before, after, erased, withheld }: AuditEntry): Pick<AuditEntry, 'before' | 'after'> {
  const words = new Map([
    ...erased.map((field) => [field, '(erased)'] as const),
    ...withheld.map((field) => [field, '(sensitive)'] as const),
  ]);
  const read = (fields: Record<string, unknown> | null) =>
    fields === null
      ? null
      : Object.fromEntries(
          Object.entries(fields).map(([field, value]) => [field, words.get(field) ?? value]),
        );
  return { before: read(before), after: read(after) };
}

function RequestLink({ id }: { id: string }) {
  return (
    <Link to="/audit" search={{ request: id }} className={styles.link}>
      <code>{id}</code>
    </Link>
  );
}

function RecordLink({ id, type }: { id: string; type: string }) {
  return (
    <>
      {type === 'books.invoice' ? (
        <Link to="/invoices/$id" params={{ id }} className={styles.link}>
          Open
        </Link>
      ) : null}{' '}
      <Link to="/audit" search={{ target: id }} className={styles.link}>
        Every change
      </Link>
    </>
  );
}

/** The changed fields of an update, or what names the record. */
function summary(entry: AuditEntry): string {
  const { before, after } = entry;
  const fields = after ?? before;
  if (fields === null) return '';
  if (before !== null && after !== null) {
    const names = fieldChanges(before, after).filter(
      ({ kind, field }) => kind !== 'same' && field !== 'updated_at',
    );
    return names.map(({ field }) => field).join(', ');
  }
  const name = ['number', 'name', 'code', 'memo', 'description', 'reference'].find(
    (key) => typeof fields[key] === 'string' || typeof fields[key] === 'number',
  );
  return name === undefined ? '' : valueText(fields[name]);
}
