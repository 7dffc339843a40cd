import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { FilterBar } from '../elements/FilterBar.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { LoadMore } from '../elements/LoadMore.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { RowLink } from '../elements/RowLink.tsx';
import { SearchField } from '../elements/SearchField.tsx';
import { usePages } from '../elements/usePages.ts';
import { useSession } from '../session/SessionGate.tsx';
import { NewCustomerDialog } from './NewCustomerDialog.tsx';

type Customer = Awaited<ReturnType<Client['books']['customers']['list']>>['items'][number];

export function CustomerListPage() {
  const { search } = useSearch({ from: '/shell/customers' });
  const navigate = useNavigate();
  const { may, company } = useSession();
  const [adding, setAdding] = useState(false);
  const onSearch = useCallback(
    (text: string) =>
      void navigate({ to: '/customers', search: text === '' ? {} : { search: text }, replace: true }),
    [navigate],
  );
  return (
    <>
      <PageHeader
        title="Customers"
        lead={company?.name ?? 'All companies'}
        actions={
          may('books:customer.change') ? (
            <Button
              leftSection={<IconPlus size={16} aria-hidden />}
              data-shortcut="n"
              onClick={() => setAdding(true)}
            >
              New customer
            </Button>
          ) : null
        }
      />
      <Panel flush>
        <FilterBar>
          <SearchField
            label="Search customers"
            placeholder="Name or code"
            value={search ?? ''}
            onSearch={onSearch}
          />
        </FilterBar>
        <CustomerTable search={search} />
      </Panel>
      <NewCustomerDialog opened={adding} onClose={() => setAdding(false)} />
    </>
  );
}

function CustomerTable({ search }: { search: string | undefined }) {
  const { query } = useApi();
  const pages = usePages({
    key: [...query.books.customers.list.key(), search],
    read: (client, cursor) =>
      client.books.customers.list({
        ...(search === undefined ? {} : { search }),
        ...(cursor === undefined ? {} : { cursor }),
      }),
  });
  return (
    <Loaded query={pages.loadable}>
      {(customers) =>
        customers.length === 0 ? (
          <EmptyState title={search === undefined ? 'No customers yet.' : 'No customer matches.'}>
            {search === undefined
              ? 'Add the first one, or import a CSV file.'
              : 'Change or clear the search.'}
          </EmptyState>
        ) : (
          <>
            <DataTable
              caption="Customers"
              columns={columns}
              rows={customers}
              rowKey={(customer) => customer.id}
            />
            <LoadMore shown={customers.length} noun={['customer', 'customers']} {...pages} />
          </>
        )
      }
    </Loaded>
  );
}

const columns: Column<Customer>[] = [
  { key: 'code', header: 'Code', tight: true, cell: ({ code }) => code },
  {
    key: 'name',
    header: 'Name',
    cell: ({ id, name }) => (
      <RowLink to="/invoices" search={{ customer: id }}>
        {name}
      </RowLink>
    ),
  },
  { key: 'email', header: 'Email', hideBelow: 'sm', cell: ({ email }) => email ?? '' },
  {
    key: 'city',
    header: 'City',
    hideBelow: 'md',
    cell: ({ postalCode, city }) => [postalCode, city].filter(Boolean).join(' '),
  },
  { key: 'country', header: 'Country', hideBelow: 'sm', tight: true, cell: ({ country }) => country ?? '' },
];
