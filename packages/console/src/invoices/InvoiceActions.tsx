import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ButtonLink } from '../elements/ButtonLink.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { announceDone } from '../problems/announce.ts';
import { useSession } from '../session/SessionGate.tsx';
import { readableAmount } from '../money/format.ts';
import type { InvoiceWithLines } from './types.ts';

type Asking = 'submit' | 'cancel' | 'remove' | null;

/** What can be done with an invoice in its state by somebody with these roles. */
export function InvoiceActions({ invoice }: { invoice: InvoiceWithLines }) {
  const { may } = useSession();
  const [asking, setAsking] = useState<Asking>(null);
  const { id, status } = invoice;
  const draft = status === 'draft';
  function close(): void {
    setAsking(null);
  }
  return (
    <>
      {draft && may('books:invoice.draft') ? (
        <>
          <Button variant="default" onClick={() => setAsking('remove')}>
            Delete draft
          </Button>
          <ButtonLink to="/invoices/$id/edit" params={{ id }} variant="default">
            Edit
          </ButtonLink>
        </>
      ) : null}
      {draft && may('books:invoice.submit') ? (
        <Button onClick={() => setAsking('submit')}>Submit</Button>
      ) : null}
      {status === 'submitted' && may('books:invoice.cancel') ? (
        <Button color="red" variant="outline" onClick={() => setAsking('cancel')}>
          Cancel invoice
        </Button>
      ) : null}
      <SubmitDialog invoice={invoice} opened={asking === 'submit'} onClose={close} />
      <CancelDialog invoice={invoice} opened={asking === 'cancel'} onClose={close} />
      <RemoveDialog invoice={invoice} opened={asking === 'remove'} onClose={close} />
    </>
  );
}

/** Each acts in the invoice's own company, also while all companies are shown. */
type DialogProps = { invoice: InvoiceWithLines; opened: boolean; onClose: () => void };

function SubmitDialog({ invoice, opened, onClose }: DialogProps) {
  const { companyApi, refresh } = useApiContext();
  const { client } = companyApi(invoice.companyId);
  const submit = useMutation({
    mutationFn: () => client.books.invoices.submit({ id: invoice.id }),
    onSuccess: async ({ number }) => {
      onClose();
      announceDone(`Submitted as ${number ?? 'invoice'}.`);
      await refresh();
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title="Submit this invoice?"
      action="Submit invoice"
      keep="Keep as draft"
      working={submit.isPending}
      error={submit.error}
      onConfirm={() => submit.mutate()}
      onClose={onClose}
    >
      <p>
        It gets the next number and is posted to the journal: {readableAmount(invoice.total)}{' '}
        {invoice.currency}, charged to {invoice.customerName}. A submitted invoice cannot be edited, only
        cancelled.
      </p>
    </ConfirmDialog>
  );
}

function CancelDialog({ invoice, opened, onClose }: DialogProps) {
  const { companyApi, refresh } = useApiContext();
  const { client } = companyApi(invoice.companyId);
  const [reason, setReason] = useState('');
  const [missing, setMissing] = useState(false);
  const cancel = useMutation({
    mutationFn: () => client.books.invoices.cancel({ id: invoice.id, reason: reason.trim() }),
    onSuccess: async () => {
      onClose();
      announceDone(`Invoice ${invoice.number ?? ''} is cancelled.`);
      await refresh();
    },
  });
  function confirm(): void {
    setMissing(reason.trim() === '');
    if (reason.trim() !== '') cancel.mutate();
  }
  return (
    <ConfirmDialog
      opened={opened}
      title={`Cancel invoice ${invoice.number ?? ''}?`}
      action="Cancel invoice"
      keep="Keep it"
      danger
      working={cancel.isPending}
      error={cancel.error}
      onConfirm={confirm}
      onClose={onClose}
    >
      <p>
        Today a reversal is posted. The invoice keeps its number and stays in the books. This cannot be
        undone.
      </p>
      <TextInput
        label="Reason"
        maxLength={500}
        required
        withAsterisk={false}
        value={reason}
        error={missing ? 'Say why; it is kept with the invoice.' : null}
        onChange={(event) => setReason(event.currentTarget.value)}
        mb="sm"
      />
    </ConfirmDialog>
  );
}

function RemoveDialog({ invoice, opened, onClose }: DialogProps) {
  const { companyApi, refresh } = useApiContext();
  const { client } = companyApi(invoice.companyId);
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => client.books.invoices.remove({ id: invoice.id }),
    onSuccess: async () => {
      await navigate({ to: '/invoices' });
      announceDone('The draft is deleted.');
      await refresh();
    },
  });
  return (
    <ConfirmDialog
      opened={opened}
      title="Delete this draft?"
      action="Delete draft"
      keep="Keep it"
      danger
      working={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>It has no number yet and nothing was posted. The audit log keeps its history.</p>
    </ConfirmDialog>
  );
}
