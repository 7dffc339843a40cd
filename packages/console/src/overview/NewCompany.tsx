import { Button, Group, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { Panel } from '../elements/Panel.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { useSession } from '../session/SessionGate.tsx';

type NewCompanyProps = { first?: boolean; onDone?: () => void };

/** Adds a company to the tenant and goes on in it. */
export function NewCompany({ first = false, onDone }: NewCompanyProps) {
  const { tenant, choose } = useApiContext();
  const { membership, may } = useSession();
  const create = useMutation({
    mutationFn: (name: string) => tenant.client.company.create({ name }),
    onSuccess: async ({ id }) => {
      onDone?.();
      await tenant.cache.invalidateQueries();
      choose({ tenant: membership.tenant.id, company: id });
    },
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    create.mutate(textOf(new FormData(event.currentTarget), 'name'));
  }
  if (!may('tenants:company.create')) return null;
  return (
    <Panel title={first ? 'Start with a company' : 'New company'}>
      {first ? (
        <p>Every invoice and every posting belongs to a company: a legal entity with books of its own.</p>
      ) : null}
      {create.error === null ? null : <ProblemNotice error={create.error} />}
      <form onSubmit={submit}>
        <Group align="flex-end">
          <TextInput
            label="Name of the company"
            name="name"
            maxLength={200}
            required
            withAsterisk={false}
            w={320}
            maw="100%"
          />
          <Button type="submit" loading={create.isPending}>
            Create company
          </Button>
          {onDone === undefined ? null : (
            <Button variant="default" onClick={onDone}>
              Discard
            </Button>
          )}
        </Group>
      </form>
    </Panel>
  );
}
