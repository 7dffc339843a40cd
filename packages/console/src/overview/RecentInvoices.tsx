import { useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import { Amount } from '../elements/Amount.tsx';
import { ButtonLink } from '../elements/ButtonLink.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableDay } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { RowLink } from '../elements/RowLink.tsx';
import { StatusBadge } from '../invoices/StatusBadge.tsx';
import type { Invoice } from '../invoices/types.ts';
import { useSession } from '../session/SessionGate.tsx';

/** The latest invoices of the chosen scope. */
export function RecentInvoices() {
  const { query } = useApi();
  const { may } = useSession();
  const allowed = may('books:invoice.read');
  const invoices = useQuery(
    query.books.invoices.list.queryOptions({ input: { limit: 6 }, enabled: allowed }),
  );
  if (!allowed) return null;
  return (
    <Panel
      title="Latest invoices"
      flush
      actions={
        <ButtonLink to="/invoices" size="xs" variant="default">
          All invoices
        </ButtonLink>
      }
    >
      <Loaded query={invoices}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState title="No invoices yet.">Create the first one, or import a CSV file.</EmptyState>
          ) : (
            <DataTable caption="Latest invoices" columns={columns} rows={items} rowKey={({ id }) => id} />
          )
        }
      </Loaded>
    </Panel>
  );
}

const columns: Column<Invoice>[] = [
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
  {
    key: 'issued',
    header: 'Issued',
    tight: true,
    hideBelow: 'sm',
    cell: ({ issuedOn }) => readableDay(issuedOn),
  },
  { key: 'status', header: 'Status', tight: true, cell: ({ status }) => <StatusBadge status={status} /> },
  {
    key: 'total',
    header: 'Total',
    align: 'end',
    cell: ({ total, currency }) => <Amount value={total} currency={currency} />,
  },
];
