import { NativeSelect } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { EntityHistory } from '../audit/EntityHistory.tsx';
import { useApi } from '../client/ApiProvider.tsx';
import { Amount } from '../elements/Amount.tsx';
import { ButtonLink } from '../elements/ButtonLink.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableDay } from '../elements/dates.ts';
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
import { changed, invoiceSearch, invoiceStatuses, type InvoiceSearch } from '../shell/search.ts';
import { StatusBadge } from './StatusBadge.tsx';
import type { Invoice } from './types.ts';

export function InvoiceListPage() {
  const search = useSearch({ from: '/shell/invoices' });
  const navigate = useNavigate();
  const { may, company } = useSession();
  const filter = useCallback(
    (change: Partial<Record<keyof InvoiceSearch, string>>) =>
      void navigate({
        to: '/invoices',
        search: invoiceSearch(changed<Record<string, string | undefined>>(search, change)),
        replace: true,
      }),
    [navigate, search],
  );
  const onSearch = useCallback((text: string) => filter({ search: text }), [filter]);
  return (
    <>
      <PageHeader
        title="Invoices"
        lead={company?.name ?? 'All companies'}
        actions={
          may('books:invoice.draft') ? (
            <ButtonLink to="/invoices/new" leftSection={<IconPlus size={16} aria-hidden />} data-shortcut="n">
              New invoice
            </ButtonLink>
          ) : null
        }
      />
      <Panel flush>
        <FilterBar>
          <SearchField
            label="Search invoices"
            placeholder="Number, reference or customer"
            value={search.search ?? ''}
            onSearch={onSearch}
          />
          <NativeSelect
            aria-label="Status"
            value={search.status ?? ''}
            onChange={(event) => filter({ status: event.currentTarget.value })}
            data={statusChoices()}
          />
        </FilterBar>
        <InvoiceTable search={search} />
      </Panel>
      <EntityHistory id={search.customer} />
    </>
  );
}

function statusChoices() {
  const known = invoiceStatuses.map((value) => ({ value, label: sentenceCase(value) }));
  return [{ value: '', label: 'Any status' }, ...known];
}

function InvoiceTable({ search }: { search: InvoiceSearch }) {
  const { query } = useApi();
  const { companies, company } = useSession();
  const { status, search: text, customer } = search;
  const pages = usePages({
    key: [...query.books.invoices.list.key(), search],
    read: (client, cursor) =>
      client.books.invoices.list({
        ...(status === undefined ? {} : { status }),
        ...(text === undefined ? {} : { search: text }),
        ...(customer === undefined ? {} : { customerId: customer }),
        ...(cursor === undefined ? {} : { cursor }),
      }),
  });
  const names = useMemo(() => new Map(companies.map(({ id, name }) => [id, name])), [companies]);
  const columns = useMemo(() => invoiceColumns(company === undefined ? names : null), [company, names]);
  const filtered = status !== undefined || text !== undefined || customer !== undefined;
  return (
    <Loaded query={pages.loadable}>
      {(invoices) =>
        invoices.length === 0 ? (
          <EmptyState title={filtered ? 'No invoice matches.' : 'No invoices yet.'}>
            {filtered ? 'Change or clear the filters.' : 'Create the first one, or import a CSV file.'}
          </EmptyState>
        ) : (
          <>
            <DataTable
              caption="Invoices"
              columns={columns}
              rows={invoices}
              rowKey={(invoice) => invoice.id}
            />
            <LoadMore shown={invoices.length} noun={['invoice', 'invoices']} {...pages} />
          </>
        )
      }
    </Loaded>
  );
}

function invoiceColumns(companyNames: Map<string, string> | null): Column<Invoice>[] {
  const companyColumn: Column<Invoice> = {
    key: 'company',
    header: 'Company',
    hideBelow: 'md',
    cell: ({ companyId }) => companyNames?.get(companyId) ?? '',
  };
  return [
    {
      key: 'number',
      header: 'Number',
      tight: true,
      cell: ({ id, number }) => (
        <RowLink to="/invoices/$id" params={{ id }}>
          {number ?? 'Draft'}
        </RowLink>
      ),
    },
    { key: 'customer', header: 'Customer', cell: ({ customerName }) => customerName },
    ...(companyNames === null ? [] : [companyColumn]),
    { key: 'issued', header: 'Issued', tight: true, cell: ({ issuedOn }) => readableDay(issuedOn) },
    { key: 'due', header: 'Due', tight: true, hideBelow: 'md', cell: ({ dueOn }) => readableDay(dueOn) },
    { key: 'status', header: 'Status', tight: true, cell: ({ status }) => <StatusBadge status={status} /> },
    {
      key: 'total',
      header: 'Total',
      align: 'end',
      cell: ({ total, currency }) => <Amount value={total} currency={currency} />,
    },
  ];
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
