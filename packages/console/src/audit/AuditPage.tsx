import { useInfiniteQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useApi } from '../client/ApiProvider.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { LoadMore } from '../elements/LoadMore.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import type { AuditSearch } from '../shell/search.ts';
import { AuditEntryItem } from './AuditEntryItem.tsx';
import { AuditFilters } from './AuditFilters.tsx';
import { auditInput } from './auditInput.ts';
import styles from './AuditPage.module.css';
import { useMemberNames } from './useMemberNames.ts';

export function AuditPage() {
  const search = useSearch({ from: '/shell/audit' });
  const { company } = useSession();
  return (
    <>
      <PageHeader
        title="Audit"
        lead={company === undefined ? 'Every change in the organisation' : `Every change in ${company.name}`}
      />
      <Panel flush>
        <AuditFilters search={search} />
        <AuditEntries search={search} />
      </Panel>
    </>
  );
}

function AuditEntries({ search }: { search: AuditSearch }) {
  const { client, query } = useApi();
  const members = useMemberNames();
  const entries = useInfiniteQuery({
    queryKey: [...query.audit.list.key(), search],
    queryFn: ({ pageParam }) =>
      client.audit.list({ ...auditInput(search), ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const loaded = entries.data?.pages.flatMap((page) => page.entries);
  return (
    <Loaded
      query={{ data: loaded, error: entries.error, isPending: entries.isPending, refetch: entries.refetch }}
    >
      {(rows) =>
        rows.length === 0 ? (
          <EmptyState title="No entry matches.">Change or clear the filters.</EmptyState>
        ) : (
          <>
            <ol className={styles.entries}>
              {rows.map((entry) => (
                <AuditEntryItem key={entry.id} entry={entry} members={members} />
              ))}
            </ol>
            <LoadMore
              shown={rows.length}
              noun={['entry', 'entries']}
              more={entries.hasNextPage}
              loading={entries.isFetchingNextPage}
              onMore={() => void entries.fetchNextPage()}
            />
          </>
        )
      }
    </Loaded>
  );
}
