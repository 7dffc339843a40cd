import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableDay } from '../elements/dates.ts';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import type { Company } from '../session/types.ts';
import { NewCompany } from './NewCompany.tsx';
import { RecentInvoices } from './RecentInvoices.tsx';
import type { CompanyRow, Profile } from './types.ts';
import { YearFigure } from './YearFigure.tsx';

/** The tenant's companies side by side. Amounts of different currencies are never added up. */
export function CompanyList() {
  const { may } = useSession();
  const [adding, setAdding] = useState(false);
  return (
    <>
      <Panel
        title="Companies"
        flush
        actions={
          may('tenants:company.create') ? (
            <Button size="xs" variant="default" onClick={() => setAdding(true)}>
              Add a company
            </Button>
          ) : null
        }
      >
        <CompanyTable />
      </Panel>
      {adding ? <NewCompany onDone={() => setAdding(false)} /> : null}
      <RecentInvoices />
    </>
  );
}

function CompanyTable() {
  const { companies } = useSession();
  const { tenant } = useApiContext();
  const profiles = useQuery(tenant.query.books.profiles.list.queryOptions({ input: {} }), tenant.cache);
  return (
    <Loaded query={profiles} rows={companies.length}>
      {(loaded) => (
        <DataTable
          caption="Companies"
          columns={columns}
          rows={companies.map((company) => ({
            ...company,
            profile: loaded.find(({ companyId }) => companyId === company.id),
          }))}
          rowKey={({ id }) => id}
        />
      )}
    </Loaded>
  );
}

const columns: Column<CompanyRow>[] = [
  { key: 'name', header: 'Company', cell: (row) => <CompanyButton company={row} /> },
  {
    key: 'income',
    header: 'Income this year',
    align: 'end',
    hideBelow: 'sm',
    cell: (row) => <YearFigure row={row} figure="totalIncome" />,
  },
  {
    key: 'expenses',
    header: 'Expenses',
    align: 'end',
    hideBelow: 'sm',
    cell: (row) => <YearFigure row={row} figure="totalExpenses" />,
  },
  { key: 'profit', header: 'Profit', align: 'end', cell: (row) => <YearFigure row={row} figure="profit" /> },
  {
    key: 'closed',
    header: 'Signed off through',
    tight: true,
    hideBelow: 'md',
    cell: ({ profile }) => closedThrough(profile),
  },
];

function CompanyButton({ company: { id, name } }: { company: Company }) {
  const { membership } = useSession();
  const { choose } = useApiContext();
  return (
    <Button
      variant="transparent"
      size="compact-sm"
      px={0}
      c="var(--mantine-color-anchor)"
      onClick={() => choose({ tenant: membership.tenant.id, company: id })}
    >
      {name}
    </Button>
  );
}

function closedThrough(profile: Profile | undefined): string {
  if (profile === undefined) return 'Books not opened';
  return profile.closedThrough === null ? 'Nothing yet' : readableDay(profile.closedThrough);
}
