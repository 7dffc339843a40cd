import { Button, Group, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { dayOf, readableDay } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { textOf } from '../elements/form.ts';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { Tag } from '../elements/Tag.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import type { Domain } from './types.ts';

/** The organisation's domains: its provider vouches for addresses of those that are proved, and for no others. */
export function DomainPanel({ editable }: { editable: boolean }) {
  const { tenant } = useApiContext();
  const domains = useQuery(tenant.query.domain.list.queryOptions({ input: {} }), tenant.cache);
  const actions: Column<Domain> = {
    key: 'actions',
    header: 'Actions',
    align: 'end',
    cell: (domain) => <DomainActions domain={domain} />,
  };
  return (
    <Panel title="Domains">
      {editable ? <NewDomain /> : null}
      <Loaded query={domains} rows={2}>
        {({ domains: loaded }) =>
          loaded.length === 0 ? (
            <EmptyState title="No domain yet">
              Name the domain of your people’s addresses; a record in its DNS proves that it is yours.
            </EmptyState>
          ) : (
            <DataTable
              caption="Domains"
              columns={editable ? [...columns, actions] : columns}
              rows={loaded}
              rowKey={({ id }) => id}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

const columns: Column<Domain>[] = [
  { key: 'name', header: 'Domain', cell: ({ name }) => name },
  { key: 'state', header: 'State', cell: (domain) => <DomainState domain={domain} /> },
  {
    key: 'record',
    header: 'TXT record',
    cell: ({ record }) => (
      <>
        <code>{record.name}</code>
        <br />
        <code>{record.value}</code>
      </>
    ),
  },
];

function DomainState({ domain: { verifiedAt, failingSince } }: { domain: Domain }) {
  if (verifiedAt === null) return <Tag tone="plain">not proved</Tag>;
  if (failingSince !== null) {
    return (
      <>
        <Tag tone="bad">record missing</Tag> since {readableDay(dayOf(new Date(failingSince)))}
      </>
    );
  }
  return <Tag tone="good">proved</Tag>;
}

function DomainActions({ domain: { id, name, verifiedAt } }: { domain: Domain }) {
  const { tenant } = useApiContext();
  const refresh = () => tenant.cache.invalidateQueries();
  const verify = useMutation({
    mutationFn: () => tenant.client.domain.verify({ id }),
    onSuccess: async () => {
      await refresh();
      announceDone(`${name} is proved.`);
    },
  });
  const remove = useMutation({
    mutationFn: () => tenant.client.domain.remove({ id }),
    onSuccess: async () => {
      await refresh();
      announceDone(`${name} is given up.`);
    },
  });
  const error = verify.error ?? remove.error;
  return (
    <>
      {error === null ? null : <ProblemNotice error={error} />}
      <Group gap="xs" justify="flex-end" wrap="nowrap">
        {verifiedAt === null ? (
          <Button
            size="compact-sm"
            aria-label={`Check ${name}`}
            loading={verify.isPending}
            onClick={() => verify.mutate()}
          >
            Check
          </Button>
        ) : null}
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Give ${name} up`}
          loading={remove.isPending}
          onClick={() => remove.mutate()}
        >
          Give up
        </Button>
      </Group>
    </>
  );
}

function NewDomain() {
  const { tenant } = useApiContext();
  const add = useMutation({
    mutationFn: ({ name }: { name: string; form: HTMLFormElement }) => tenant.client.domain.add({ name }),
    onSuccess: async ({ name }, { form }) => {
      form.reset();
      await tenant.cache.invalidateQueries();
      announceDone(`${name} is named. Put its record into the DNS, then check it.`);
    },
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = event.currentTarget;
    add.mutate({ name: textOf(new FormData(form), 'domain'), form });
  }
  return (
    <form onSubmit={submit}>
      {add.error === null ? null : <ProblemNotice error={add.error} />}
      <Group align="end" mb="md">
        <TextInput
          label="Domain"
          name="domain"
          placeholder="example.com"
          maxLength={253}
          required
          withAsterisk={false}
        />
        <Button type="submit" variant="default" loading={add.isPending}>
          Add domain
        </Button>
      </Group>
    </form>
  );
}
