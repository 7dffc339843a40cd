import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useApi } from '../client/ApiProvider.tsx';
import { CompanyRequired } from '../elements/CompanyRequired.tsx';
import { daysAfter } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { useToday } from '../elements/useToday.ts';
import { Panel } from '../elements/Panel.tsx';
import { ButtonLink } from '../elements/ButtonLink.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { emptyLine } from './draft.ts';
import { InvoiceForm, type InvoiceDraft } from './InvoiceForm.tsx';
import { invoiceTitle } from './InvoicePage.tsx';
import type { InvoiceWithLines } from './types.ts';

/** Days that a customer has to pay by default. */
const paymentDays = 30;

export function NewInvoicePage() {
  const { company } = useSession();
  return (
    <>
      <PageHeader title="New invoice" lead={company?.name} />
      <CompanyRequired what="An invoice belongs to a company:">
        <NewInvoice />
      </CompanyRequired>
    </>
  );
}

function NewInvoice() {
  const { query } = useApi();
  const profile = useQuery(query.books.profiles.get.queryOptions({ input: {} }));
  const today = useToday();
  return (
    <Loaded query={profile}>
      {({ currency, minorUnits }) => (
        <InvoiceForm
          currency={currency}
          minorUnits={minorUnits}
          initial={{
            customer: null,
            reference: '',
            issuedOn: today,
            dueOn: daysAfter(today, paymentDays),
            note: '',
            lines: [emptyLine('first')],
          }}
        />
      )}
    </Loaded>
  );
}

export function EditInvoicePage() {
  const { id } = useParams({ from: '/shell/invoices/$id/edit' });
  const { query } = useApi();
  const { company } = useSession();
  const invoice = useQuery(
    query.books.invoices.get.queryOptions({ input: { id }, staleTime: Number.POSITIVE_INFINITY }),
  );
  return (
    <>
      <PageHeader
        title={invoice.data === undefined ? 'Edit draft' : `Edit: ${invoiceTitle(invoice.data)}`}
        lead={company?.name}
      />
      <CompanyRequired what="An invoice is edited within its company:">
        <Loaded query={invoice}>{(loaded) => <EditInvoice invoice={loaded} />}</Loaded>
      </CompanyRequired>
    </>
  );
}

function EditInvoice({ invoice }: { invoice: InvoiceWithLines }) {
  const { query } = useApi();
  const profile = useQuery(query.books.profiles.get.queryOptions({ input: {} }));
  if (invoice.status !== 'draft') {
    return (
      <Panel>
        <EmptyState
          title="Only a draft can be edited."
          action={
            <ButtonLink to="/invoices/$id" params={{ id: invoice.id }} variant="default">
              Back to the invoice
            </ButtonLink>
          }
        >
          A submitted invoice can be cancelled, and a new one written.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Loaded query={profile}>
      {({ minorUnits }) => (
        <InvoiceForm
          id={invoice.id}
          currency={invoice.currency}
          minorUnits={minorUnits}
          initial={draftOf(invoice)}
        />
      )}
    </Loaded>
  );
}

function draftOf(invoice: InvoiceWithLines): InvoiceDraft {
  return {
    customer: { id: invoice.customerId, name: invoice.customerName },
    reference: invoice.reference ?? '',
    issuedOn: invoice.issuedOn,
    dueOn: invoice.dueOn,
    note: invoice.note ?? '',
    lines: invoice.lines.map(({ id, description, quantity, unitPrice, taxRate, ledgerAccountId }) => ({
      key: id,
      description,
      quantity: shorter(quantity),
      unitPrice,
      taxRate: shorter(taxRate),
      ledgerAccountId,
    })),
  };
}

function shorter(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}
