import { Select } from '@mantine/core';
import { useQuery, keepPreviousData } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../client/ApiProvider.tsx';

export type ChosenCustomer = { id: string; name: string };

type CustomerSelectProps = {
  value: ChosenCustomer | null;
  error: string | null;
  onChange: (customer: ChosenCustomer | null) => void;
};

/** Finds a customer on the server as the name is typed; only the first matches are listed. */
export function CustomerSelect({ value, error, onChange }: CustomerSelectProps) {
  const { query } = useApi();
  const [typed, setTyped] = useState('');
  const search = value !== null && typed.startsWith(value.name) ? '' : typed.trim();
  const found = useQuery(
    query.books.customers.list.queryOptions({
      input: { limit: 20, ...(search === '' ? {} : { search }) },
      placeholderData: keepPreviousData,
    }),
  );
  const customers = found.data?.items ?? [];
  const listed =
    customers.some((customer) => customer.id === value?.id) || value === null
      ? customers
      : [value, ...customers];
  return (
    <Select
      label="Customer"
      placeholder="Type a name or code"
      searchable
      clearable={false}
      required
      withAsterisk={false}
      filter={({ options }) => options}
      data={listed.map((customer) => ({ value: customer.id, label: customer.name }))}
      value={value?.id ?? null}
      error={error ?? (found.error === null ? null : 'The customers could not be read.')}
      nothingFoundMessage={found.isPending ? 'Searching\u2026' : 'No customer matches.'}
      onSearchChange={setTyped}
      onChange={(id) => {
        const chosen = listed.find((customer) => customer.id === id);
        onChange(chosen === undefined ? null : { id: chosen.id, name: chosen.name });
      }}
    />
  );
}
