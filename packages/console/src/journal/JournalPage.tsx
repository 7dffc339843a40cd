import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { FilterBar } from '../elements/FilterBar.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { LoadMore } from '../elements/LoadMore.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { SearchField } from '../elements/SearchField.tsx';
import { usePages } from '../elements/usePages.ts';
import { useSession } from '../session/SessionGate.tsx';
import { EntryItem } from './EntryItem.tsx';
import styles from './JournalPage.module.css';

export function JournalPage() {
  const { search } = useSearch({ from: '/shell/journal' });
  const { company } = useSession();
  const navigate = useNavigate();
  const onSearch = useCallback(
    (text: string) =>
      void navigate({ to: '/journal', search: text === '' ? {} : { search: text }, replace: true }),
    [navigate],
  );
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
        <EntryList search={search} />
      </Panel>
    </>
  );
}

function EntryList({ search }: { search: string | undefined }) {
  const { query } = useApi();
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
            <LoadMore shown={entries.length} noun={['entry', 'entries']} {...pages} />
          </>
        )
      }
    </Loaded>
  );
}
