import { Tag } from '../elements/Tag.tsx';
import type { AuditSearch } from '../shell/search.ts';
import { AuditEntryItem } from './AuditEntryItem.tsx';
import styles from './AuditPage.module.css';
import { useTail, type TailState } from './useTail.ts';

const words: Record<TailState['connection'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Connection lost, trying again',
};

/** New entries as they come, above the list. */
export function LiveEntries({
  search,
  members,
}: {
  search: AuditSearch;
  members: ReadonlyMap<string, string>;
}) {
  const { entries, connection } = useTail(search);
  return (
    <section aria-label="New entries" className={styles.live}>
      <output className={styles.liveHead}>
        <Tag tone={connection === 'live' ? 'good' : 'plain'}>{words[connection]}</Tag>
        <span>{entries.length === 0 ? 'Nothing new yet.' : `${entries.length} new`}</span>
      </output>
      <ol className={styles.entries}>
        {entries.map((entry) => (
          <AuditEntryItem key={entry.id} entry={entry} members={members} />
        ))}
      </ol>
    </section>
  );
}
