import { Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { EntityHistory } from '../audit/EntityHistory.tsx';
import { useApi } from '../client/ApiProvider.tsx';
import { Amount } from '../elements/Amount.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableDay, readableMoment } from '../elements/dates.ts';
import { FactList } from '../elements/FactList.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { readableAmount } from '../money/format.ts';
import { useSession } from '../session/SessionGate.tsx';
import { InvoiceActions } from './InvoiceActions.tsx';
import styles from './InvoicePage.module.css';
import { StatusBadge } from './StatusBadge.tsx';
import type { InvoiceWithLines } from './types.ts';

export function InvoicePage() {
  const { id } = useParams({ from: '/shell/invoices/$id' });
  const { query } = useApi();
  const invoice = useQuery(query.books.invoices.get.queryOptions({ input: { id } }));
  return (
    <>
      <PageHeader
        title={invoice.data === undefined ? 'Invoice' : invoiceTitle(invoice.data)}
        lead={invoice.data === undefined ? null : <Lead invoice={invoice.data} />}
        actions={invoice.data === undefined ? null : <InvoiceActions invoice={invoice.data} />}
      />
      <Loaded query={invoice}>{(loaded) => <InvoiceBody invoice={loaded} />}</Loaded>
    </>
  );
}

export function invoiceTitle({
  number,
  customerName,
}: Pick<InvoiceWithLines, 'number' | 'customerName'>): string {
  return number === null ? `Draft for ${customerName}` : `Invoice ${number}`;
}

function Lead({ invoice }: { invoice: InvoiceWithLines }) {
  const { companies } = useSession();
  return (
    <Group gap="xs">
      <StatusBadge status={invoice.status} />
      <span>{companies.find(({ id }) => id === invoice.companyId)?.name}</span>
    </Group>
  );
}

function InvoiceBody({ invoice }: { invoice: InvoiceWithLines }) {
  const { may } = useSession();
  return (
    <>
      <Panel>
        <FactList
          facts={[
            ['Customer', invoice.customerName],
            ['Issued', readableDay(invoice.issuedOn)],
            ['Due', readableDay(invoice.dueOn)],
            ['Reference', invoice.reference],
            ['Submitted', invoice.submittedAt === null ? null : readableMoment(invoice.submittedAt)],
            ['Cancelled', invoice.cancelledAt === null ? null : readableMoment(invoice.cancelledAt)],
            ['Reason', invoice.cancelReason],
            ['Journal', may('books:journal.read') ? journalLinks(invoice) : null],
          ]}
        />
        {invoice.note === null ? null : <p className={styles.note}>{invoice.note}</p>}
      </Panel>
      <Panel title="Lines" flush>
        <DataTable
          caption="Lines"
          columns={lineColumns}
          rows={invoice.lines}
          rowKey={(line) => line.id}
          foot={<Totals invoice={invoice} />}
        />
      </Panel>
      <EntityHistory id={invoice.id} />
    </>
  );
}

type InvoiceLine = InvoiceWithLines['lines'][number];

const lineColumns: Column<InvoiceLine>[] = [
  { key: 'description', header: 'Description', cell: ({ description }) => description },
  {
    key: 'quantity',
    header: 'Quantity',
    align: 'end',
    cell: ({ quantity }) => readableAmount(shorter(quantity), 0),
  },
  { key: 'price', header: 'Unit price', align: 'end', cell: ({ unitPrice }) => <Amount value={unitPrice} /> },
  { key: 'tax', header: 'Tax', align: 'end', cell: ({ taxRate }) => `${shorter(taxRate)} %` },
  { key: 'net', header: 'Net', align: 'end', cell: ({ net }) => <Amount value={net} /> },
];

function Totals({ invoice: { net, tax, total, currency } }: { invoice: InvoiceWithLines }) {
  return (
    <>
      {[
        ['Net', net],
        ['Tax', tax],
        [`Total ${currency}`, total],
      ].map(([label, value]) => (
        <tr key={label} className={styles.total}>
          <th scope="row" colSpan={4}>
            {label}
          </th>
          <td>
            <Amount value={value ?? ''} />
          </td>
        </tr>
      ))}
    </>
  );
}

function journalLinks({ number, journalEntryId, reversalEntryId }: InvoiceWithLines) {
  if (number === null || journalEntryId === null) return null;
  return (
    <Link to="/journal" search={{ search: number }} className={styles.link}>
      {reversalEntryId === null ? 'Posted' : 'Posted and reversed'}
    </Link>
  );
}

/** `2.0000` as `2`, `2.5000` as `2.5`. */
function shorter(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}
