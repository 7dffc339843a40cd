import { Group, Switch } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import { readableMoment } from '../elements/dates.ts';
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
import { ChainStatus } from './ChainStatus.tsx';
import { ExportMenu } from './ExportMenu.tsx';
import { LiveEntries } from './LiveEntries.tsx';
import { useMemberNames } from './useMemberNames.ts';
import { ViewMenu } from './ViewMenu.tsx';

/** A search that finds little goes on by itself for so many pages, until it has enough to read. */
const stretch = 30;
const enough = 50;

export function AuditPage() {
  const search = useSearch({ from: '/shell/audit' });
  const { company } = useSession();
  const [live, setLive] = useState(false);
  const members = useMemberNames();
  const whose =
    company === undefined ? 'Every change in the organisation' : `Every change in ${company.name}`;
  return (
    <>
      <PageHeader
        title="Audit"
        lead={
          <>
            {whose}
            <ChainStatus />
          </>
        }
        actions={
          <Group gap="sm">
            <Switch label="Live" checked={live} onChange={(event) => setLive(event.currentTarget.checked)} />
            <ViewMenu search={search} />
            <ExportMenu search={search} />
          </Group>
        }
      />
      <Panel flush>
        <AuditFilters search={search} />
        {live ? <LiveEntries key={JSON.stringify(search)} search={search} members={members} /> : null}
        <AuditEntries search={search} members={members} />
      </Panel>
    </>
  );
}

function AuditEntries({ search, members }: { search: AuditSearch; members: ReadonlyMap<string, string> }) {
  const { client, query } = useApi();
  const entries = useInfiniteQuery({
    queryKey: [...query.audit.list.key(), search],
    queryFn: ({ pageParam }) =>
      client.audit.list({ ...auditInput(search), ...(pageParam === undefined ? {} : { cursor: pageParam }) }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const pages = entries.data?.pages ?? [];
  const loaded = entries.data === undefined ? undefined : pages.flatMap((page) => page.entries);
  const searchedTo = pages.at(-1)?.searchedTo ?? null;
  const goesOn = searchedTo !== null && pages.length % stretch !== 0 && (loaded?.length ?? 0) < enough;
  const { fetchNextPage, isFetchingNextPage } = entries;
  useEffect(() => {
    if (goesOn && !isFetchingNextPage) void fetchNextPage();
  }, [goesOn, isFetchingNextPage, fetchNextPage]);
  return (
    <Loaded
      query={{ data: loaded, error: entries.error, isPending: entries.isPending, refetch: entries.refetch }}
    >
      {(rows) => (
        <>
          {rows.length === 0 && searchedTo === null ? (
            <EmptyState title="No entry matches.">Change or clear the filters.</EmptyState>
          ) : null}
          <ol className={styles.entries}>
            {rows.map((entry) => (
              <AuditEntryItem key={entry.id} entry={entry} members={members} />
            ))}
          </ol>
          {searchedTo === null ? null : (
            <output className={styles.reach}>
              Searched back to {readableMoment(searchedTo)}. There is more before that.
            </output>
          )}
          {rows.length === 0 && searchedTo === null ? null : (
            <LoadMore
              shown={rows.length}
              noun={['entry', 'entries']}
              more={entries.hasNextPage}
              loading={entries.isFetchingNextPage}
              onMore={() => void entries.fetchNextPage()}
            />
          )}
        </>
      )}
    </Loaded>
  );
}
