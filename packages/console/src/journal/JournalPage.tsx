import { Badge } from '@mantine/core';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { Amount } from '../elements/Amount.tsx';
import { readableDay } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { FilterBar } from '../elements/FilterBar.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { LoadMore } from '../elements/LoadMore.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { SearchField } from '../elements/SearchField.tsx';
import { usePages } from '../elements/usePages.ts';
import { useSession } from '../session/SessionGate.tsx';
import styles from './JournalPage.module.css';

type Entry = Awaited<ReturnType<Client['books']['journal']['list']>>['items'][number];

export function JournalPage() {
  const { search } = useSearch({ from: '/shell/journal' });
  const { query } = useApi();
  const { company } = useSession();
  const navigate = useNavigate();
  const onSearch = useCallback(
    (text: string) =>
      void navigate({ to: '/journal', search: text === '' ? {} : { search: text }, replace: true }),
    [navigate],
  );
  const pages = usePages({
    key: [...query.books.journal.list.key(), search],
    read: (client, cursor) =>
      client.books.journal.list({
        limit: 25,
        ...(search === undefined ? {} : { search }),
        ...(cursor === undefined ? {} : { cursor }),
      }),
  });
  return (
    <>
      <PageHeader
        title="Journal"
        lead={`${company?.name ?? 'All companies'} \u00b7 posted entries never change`}
      />
      <Panel flush>
        <FilterBar>
          <SearchField
            label="Search the journal"
            placeholder="Memo"
            value={search ?? ''}
            onSearch={onSearch}
          />
        </FilterBar>
        <Loaded query={pages.loadable}>
          {(entries) =>
            entries.length === 0 ? (
              <EmptyState title={search === undefined ? 'Nothing is posted yet.' : 'No entry matches.'}>
                {search === undefined
                  ? 'Submitting an invoice posts its entry here.'
                  : 'Change or clear the search.'}
              </EmptyState>
            ) : (
              <>
                <ol className={styles.entries}>
                  {entries.map((entry) => (
                    <EntryItem key={entry.id} entry={entry} />
                  ))}
                </ol>
                <LoadMore
                  shown={entries.length}
                  noun="entries"
                  more={pages.more}
                  loading={pages.loadingMore}
                  onMore={pages.loadMore}
                />
              </>
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}

function EntryItem({ entry }: { entry: Entry }) {
  const { companies, company } = useSession();
  return (
    <li className={styles.entry}>
      <div className={styles.head}>
        <span className={styles.number}>{entry.number}</span>
        <span className={styles.day}>{readableDay(entry.postedOn)}</span>
        <span className={styles.memo}>{entry.memo}</span>
        {company === undefined ? (
          <span className={styles.company}>{companies.find(({ id }) => id === entry.companyId)?.name}</span>
        ) : null}
        <Kind entry={entry} />
      </div>
      <table className={styles.postings} aria-label={`Postings of entry ${entry.number}`}>
        <thead className={styles.hidden}>
          <tr>
            <th scope="col">Account</th>
            <th scope="col">Debit</th>
            <th scope="col">Credit</th>
          </tr>
        </thead>
        <tbody>
          {entry.postings.map((posting) => (
            <tr key={posting.id}>
              <td className={isZero(posting.debit) ? styles.credited : undefined}>
                <span className={styles.code}>{posting.ledgerAccountCode}</span> {posting.ledgerAccountName}
              </td>
              <td className={styles.amount}>
                {isZero(posting.debit) ? '' : <Amount value={posting.debit} />}
              </td>
              <td className={styles.amount}>
                {isZero(posting.credit) ? '' : <Amount value={posting.credit} />}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </li>
  );
}

function Kind({ entry }: { entry: Entry }) {
  const { invoiceId, kind, reversedById } = entry;
  return (
    <span className={styles.kind}>
      {reversedById === null ? null : (
        <Badge variant="light" color="red" radius="sm" tt="none">
          reversed
        </Badge>
      )}
      {invoiceId === null ? (
        kind
      ) : (
        <Link to="/invoices/$id" params={{ id: invoiceId }} className={styles.link}>
          {kind}
        </Link>
      )}
    </span>
  );
}

function isZero(amount: string): boolean {
  return /^-?0+(\.0+)?$/.test(amount);
}
