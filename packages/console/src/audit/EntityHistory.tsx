import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useApi } from '../client/ApiProvider.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { AuditEntryItem } from './AuditEntryItem.tsx';
import styles from './AuditPage.module.css';
import { useMemberNames } from './useMemberNames.ts';

const shown = 10;

/** Who changed a record and how, the newest first; for those who may read the log. */
export function EntityHistory({ id }: { id: string | undefined }) {
  const { may } = useSession();
  return id !== undefined && may('audit:entry.read') ? <History id={id} /> : null;
}

function History({ id }: { id: string }) {
  const { query } = useApi();
  const members = useMemberNames();
  const history = useQuery(query.audit.list.queryOptions({ input: { target: id, limit: shown } }));
  return (
    <Panel
      title="Who changed this"
      flush
      actions={
        <Link to="/audit" search={{ target: id }} className={styles.link}>
          Every change
        </Link>
      }
    >
      <Loaded query={history} rows={2}>
        {({ entries }) => (
          <ol className={styles.entries}>
            {entries.map((entry) => (
              <AuditEntryItem key={entry.id} entry={entry} members={members} />
            ))}
          </ol>
        )}
      </Loaded>
    </Panel>
  );
}
