import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useApi, useApiContext } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { textOf, textOrNull } from '../elements/form.ts';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useToday } from '../elements/useToday.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { useSession } from '../session/SessionGate.tsx';
import styles from './OpenBooks.module.css';

type Opening = Parameters<Client['books']['profiles']['open']>[0];

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Opens the books of a company that has none: currency, fiscal year, first day. */
export function OpenBooks() {
  const { query } = useApi();
  const { may } = useSession();
  const currencies = useQuery(query.books.profiles.currencies.queryOptions({ input: {} }));
  if (!may('books:profile.open')) {
    return (
      <Panel>
        <EmptyState title="The books of this company are not opened yet.">
          An accountant, admin or owner can open them.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Panel title="Open the books">
      <Loaded query={currencies} rows={3}>
        {(loaded) => (
          <OpenBooksForm
            currencies={loaded.map(({ code, name }) => ({ value: code, label: `${code} \u00b7 ${name}` }))}
          />
        )}
      </Loaded>
    </Panel>
  );
}

function OpenBooksForm({ currencies }: { currencies: { value: string; label: string }[] }) {
  const { client } = useApi();
  const { refresh } = useApiContext();
  const { company } = useSession();
  const today = useToday();
  const open = useMutation({
    mutationFn: (opening: Opening) => client.books.profiles.open(opening),
    onSuccess: refresh,
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    open.mutate(readOpening(new FormData(event.currentTarget)));
  }
  return (
    <form onSubmit={submit}>
      <p>The currency and the first day stay as they are once the books are open.</p>
      {open.error === null ? null : <ProblemNotice error={open.error} />}
      <div className={styles.fields}>
        <TextInput
          label="Legal name"
          name="legalName"
          defaultValue={company?.name}
          maxLength={200}
          required
          withAsterisk={false}
        />
        <TextInput label="Tax id (optional)" name="taxId" maxLength={40} />
        <NativeSelect label="Currency" name="currency" data={currencies} defaultValue="EUR" />
        <NativeSelect
          label="Fiscal year starts in"
          name="month"
          data={months.map((label, index) => ({ value: String(index + 1), label }))}
        />
        <TextInput
          type="date"
          label="First day"
          name="startsOn"
          defaultValue={`${today.slice(0, 4)}-01-01`}
          required
          withAsterisk={false}
        />
      </div>
      <Group justify="flex-end" mt="md">
        <Button type="submit" loading={open.isPending}>
          Open the books
        </Button>
      </Group>
    </form>
  );
}

function readOpening(form: FormData): Opening {
  return {
    legalName: textOf(form, 'legalName'),
    taxId: textOrNull(form, 'taxId'),
    currency: textOf(form, 'currency'),
    fiscalYearStartMonth: Number(textOf(form, 'month')),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    startsOn: textOf(form, 'startsOn'),
  };
}
