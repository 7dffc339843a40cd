import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { useApi, useApiContext } from '../client/ApiProvider.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { FilterBar } from '../elements/FilterBar.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { LoadMore } from '../elements/LoadMore.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { auditSearch, changed, type AuditSearch } from '../shell/search.ts';
import { AuditEntryItem } from './AuditEntryItem.tsx';
import styles from './AuditPage.module.css';
import { auditInput } from './auditInput.ts';

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

const actions = ['insert', 'update', 'soft_delete', 'restore', 'delete'];

function AuditFilters({ search }: { search: AuditSearch }) {
  const navigate = useNavigate();
  const members = useMemberNames();
  const filter = useCallback(
    (change: AuditSearch) =>
      void navigate({
        to: '/audit',
        search: auditSearch(changed<Record<string, string | undefined>>(search, change)),
        replace: true,
      }),
    [navigate, search],
  );
  return (
    <FilterBar>
      <NativeSelect
        label="Action"
        value={search.action ?? ''}
        onChange={(event) => filter({ action: event.currentTarget.value })}
        data={[
          { value: '', label: 'Any' },
          ...withCurrent(actions, search.action).map((value) => ({ value, label: value.replace('_', ' ') })),
        ]}
      />
      <NativeSelect
        label="On"
        value={search.type ?? ''}
        onChange={(event) => filter({ type: event.currentTarget.value })}
        data={[{ value: '', label: 'Anything' }, ...withCurrent(targetTypes, search.type)]}
      />
      <NativeSelect
        label="By"
        value={search.actor ?? ''}
        onChange={(event) => filter({ actor: event.currentTarget.value })}
        data={[
          { value: '', label: 'Anybody' },
          ...withCurrent([...members.keys()], search.actor).map((value) => ({
            value,
            label: members.get(value) ?? value,
          })),
        ]}
      />
      <TextInput
        type="date"
        label="From"
        value={search.from ?? ''}
        onChange={(event) => filter({ from: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label="To"
        value={search.to ?? ''}
        onChange={(event) => filter({ to: event.currentTarget.value })}
      />
      {search.target === undefined ? null : (
        <span className={styles.target}>One {search.type ?? 'record'} only</span>
      )}
      {Object.keys(search).length === 0 ? null : (
        <Button variant="subtle" onClick={() => void navigate({ to: '/audit', search: {}, replace: true })}>
          Clear
        </Button>
      )}
    </FilterBar>
  );
}

const targetTypes = [
  'books.customer',
  'books.invoice',
  'books.invoice_line',
  'books.journal_entry',
  'books.period',
  'tenants.company',
];

/** The choices, with the one in the address added when it is none of them. */
function withCurrent(choices: readonly string[], current: string | undefined): string[] {
  return current === undefined || choices.includes(current) ? [...choices] : [...choices, current];
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
              noun="entries"
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

/** Names of the tenant's present members by account id; empty for roles that may not read them. */
function useMemberNames(): ReadonlyMap<string, string> {
  const { tenant } = useApiContext();
  const { may, session } = useSession();
  const members = useQuery(
    tenant.query.member.list.queryOptions({
      input: {},
      enabled: may('access:member.read'),
      staleTime: 60_000,
    }),
    tenant.cache,
  );
  return useMemo(() => {
    const names = new Map([[session.account.id, session.account.name]]);
    for (const { account } of members.data?.members ?? []) names.set(account.id, account.name);
    return names;
  }, [members.data, session]);
}
