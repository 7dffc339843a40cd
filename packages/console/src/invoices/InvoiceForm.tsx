import { Button, Group, Textarea, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate, useRouter } from '@tanstack/react-router';
import { useRef, useState, type FormEvent } from 'react';
import { useApi, useApiContext } from '../client/ApiProvider.tsx';
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
  const [draft, setDraft] = useState(initial);
  const [checked, setChecked] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const save = useSave(id);
  function change(part: Partial<InvoiceDraft>): void {
    setDraft((current) => ({ ...current, ...part }));
  }
  function submit(event: FormEvent): void {
    event.preventDefault();
    setChecked(true);
    if (isComplete(draft)) save.mutate(draft);
    else
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  }
  return (
    <form ref={form} onSubmit={submit} noValidate>
      {save.error === null ? null : (
        <div className={styles.problem}>
          <ProblemNotice error={save.error} />
        </div>
      )}
      <Panel>
        <InvoiceFields draft={draft} checked={checked} onChange={change} />
      </Panel>
      <Panel title="Lines">
        <LineEditor
          lines={draft.lines}
          errors={checked ? draft.lines.map(lineErrors) : []}
          minorUnits={minorUnits}
          onChange={(lines) => change({ lines })}
        />
        <DraftSums draft={draft} currency={currency} minorUnits={minorUnits} />
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
      <FormButtons saving={save.isPending} />
    </form>
  );
}

/** What keeps the due date from being sent; null when nothing does. */
function dueProblem({ dueOn, issuedOn }: InvoiceDraft): string | null {
  if (dueOn === '') return 'Needed.';
  return dueOn < issuedOn ? 'Not before the date of issue.' : null;
}

function isComplete(draft: InvoiceDraft): boolean {
  const linesAreGood = draft.lines.every((line) => Object.keys(lineErrors(line)).length === 0);
  return draft.customer !== null && draft.issuedOn !== '' && dueProblem(draft) === null && linesAreGood;
}

type InvoiceFieldsProps = {
  draft: InvoiceDraft;
  checked: boolean;
  onChange: (part: Partial<InvoiceDraft>) => void;
};

function InvoiceFields({ draft, checked, onChange }: InvoiceFieldsProps) {
  return (
    <div className={styles.fields}>
      <CustomerSelect
        value={draft.customer}
        error={checked && draft.customer === null ? 'Choose a customer.' : null}
        onChange={(customer) => onChange({ customer })}
      />
      <TextInput
        label="Reference"
        maxLength={100}
        value={draft.reference}
        onChange={(event) => onChange({ reference: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label="Issued"
        required
        withAsterisk={false}
        value={draft.issuedOn}
        error={draft.issuedOn === '' ? 'Needed.' : null}
        onChange={(event) => onChange({ issuedOn: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label="Due"
        required
        withAsterisk={false}
        value={draft.dueOn}
        error={dueProblem(draft)}
        onChange={(event) => onChange({ dueOn: event.currentTarget.value })}
      />
    </div>
  );
}

type DraftSumsProps = { draft: InvoiceDraft; currency: string; minorUnits: number };

function DraftSums({ draft, currency, minorUnits }: DraftSumsProps) {
  const { net, tax, total } = draftTotals(draft.lines, minorUnits);
  return (
    <div className={styles.totals} aria-live="polite">
      <FactList
        facts={[
          ['Net', <Amount key="net" value={net} />],
          ['Tax', <Amount key="tax" value={tax} />],
          ['Total', <Amount key="total" value={total} currency={currency} />],
        ]}
      />
    </div>
  );
}

function FormButtons({ saving }: { saving: boolean }) {
  const router = useRouter();
  return (
    <Group justify="flex-end" mt="md">
      <Button variant="default" onClick={() => router.history.back()}>
        Discard
      </Button>
      <Button type="submit" loading={saving}>
        Save draft
      </Button>
    </Group>
  );
}

function useSave(id: string | undefined) {
  const { client } = useApi();
  const { refresh } = useApiContext();
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
      await navigate({ to: '/invoices/$id', params: { id: saved.id }, replace: true });
      announceDone('The draft is saved.');
      await refresh();
    },
  });
}
