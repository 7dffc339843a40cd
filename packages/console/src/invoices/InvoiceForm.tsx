import { Button, Group, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate, useRouter } from '@tanstack/react-router';
import { useRef, useState, type FormEvent } from 'react';
import { useApi } from '../client/ApiProvider.tsx';
import { Amount } from '../elements/Amount.tsx';
import { FactList } from '../elements/FactList.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { CustomerSelect, type ChosenCustomer } from './CustomerSelect.tsx';
import { draftTotals, givenLine, lineErrors, type DraftLine } from './draft.ts';
import styles from './InvoiceForm.module.css';
import { LineEditor } from './LineEditor.tsx';

export type InvoiceDraft = {
  customer: ChosenCustomer | null;
  reference: string;
  issuedOn: string;
  dueOn: string;
  note: string;
  lines: DraftLine[];
};

/** Without `id` a new draft. */
type InvoiceFormProps = { id?: string; initial: InvoiceDraft; currency: string; minorUnits: number };

/** Writes a draft. Totals are exact and follow the books' own rounding. */
export function InvoiceForm({ id, initial, currency, minorUnits }: InvoiceFormProps) {
  const router = useRouter();
  const [draft, setDraft] = useState(initial);
  const [checked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const save = useSave(id);
  const totals = draftTotals(draft.lines, minorUnits);
  const errors = checked ? draft.lines.map(lineErrors) : [];
  const dueProblem = draft.dueOn < draft.issuedOn ? 'Not before the date of issue.' : null;
  function change(part: Partial<InvoiceDraft>): void {
    setDraft((current) => ({ ...current, ...part }));
  }
  function submit(event: FormEvent): void {
    event.preventDefault();
    setChecked(true);
    const wrong =
      draft.customer === null ||
      dueProblem !== null ||
      draft.lines.some((line) => Object.keys(lineErrors(line)).length > 0);
    if (wrong)
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    else save.mutate(draft);
  }
  return (
    <form ref={form} onSubmit={submit} noValidate>
      {save.error === null ? null : (
        <div className={styles.problem}>
          <ProblemNotice error={save.error} />
        </div>
      )}
      <Panel>
        <div className={styles.fields}>
          <CustomerSelect
            value={draft.customer}
            error={checked && draft.customer === null ? 'Choose a customer.' : null}
            onChange={(customer) => change({ customer })}
          />
          <TextInput
            label="Reference"
            maxLength={100}
            value={draft.reference}
            onChange={(event) => change({ reference: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            label="Issued"
            required
            withAsterisk={false}
            value={draft.issuedOn}
            onChange={(event) => change({ issuedOn: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            label="Due"
            required
            withAsterisk={false}
            value={draft.dueOn}
            error={dueProblem}
            onChange={(event) => change({ dueOn: event.currentTarget.value })}
          />
        </div>
      </Panel>
      <Panel title="Lines">
        <LineEditor
          lines={draft.lines}
          errors={errors}
          minorUnits={minorUnits}
          onChange={(lines) => change({ lines })}
        />
        <div className={styles.totals} aria-live="polite">
          <FactList
            facts={[
              ['Net', <Amount key="net" value={totals.net} />],
              ['Tax', <Amount key="tax" value={totals.tax} />],
              ['Total', <Amount key="total" value={totals.total} currency={currency} />],
            ]}
          />
        </div>
      </Panel>
      <Panel>
        <Textarea
          label="Note"
          maxLength={2000}
          rows={3}
          value={draft.note}
          onChange={(event) => change({ note: event.currentTarget.value })}
        />
      </Panel>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={() => router.history.back()}>
          Discard
        </Button>
        <Button type="submit" loading={save.isPending}>
          Save draft
        </Button>
      </Group>
    </form>
  );
}

function useSave(id: string | undefined) {
  const { client, cache } = useApi();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (draft: InvoiceDraft) => {
      if (draft.customer === null) throw new Error('Choose a customer.');
      const input = {
        customerId: draft.customer.id,
        reference: draft.reference.trim() === '' ? null : draft.reference.trim(),
        issuedOn: draft.issuedOn,
        dueOn: draft.dueOn,
        note: draft.note.trim() === '' ? null : draft.note,
        lines: draft.lines.map(givenLine),
      };
      return id === undefined
        ? client.books.invoices.create(input)
        : client.books.invoices.change({ id, ...input });
    },
    onSuccess: async (saved) => {
      await cache.invalidateQueries();
      await navigate({ to: '/invoices/$id', params: { id: saved.id }, replace: true });
      announceDone('The draft is saved.');
    },
  });
}
