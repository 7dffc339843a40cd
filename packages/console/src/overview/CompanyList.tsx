import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Amount } from '../elements/Amount.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { dayOf, readableDay } from '../elements/dates.ts';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import type { Company } from '../session/types.ts';
import { NewCompany } from './NewCompany.tsx';
import { RecentInvoices } from './RecentInvoices.tsx';
import type { Profile } from './types.ts';

type Row = Company & { profile: Profile | undefined };

/** The tenant's companies side by side. Amounts of different currencies are never added up. */
export function CompanyList() {
  const { companies, membership, may } = useSession();
  const { tenant, choose } = useApiContext();
  const [adding, setAdding] = useState(false);
  const profiles = useQuery(tenant.query.books.profiles.list.queryOptions(), tenant.cache);
  const columns: Column<Row>[] = [
    {
      key: 'name',
      header: 'Company',
      cell: ({ id, name }) => (
        <Button
          variant="subtle"
          size="compact-sm"
          onClick={() => choose({ tenant: membership.tenant.id, company: id })}
        >
          {name}
        </Button>
      ),
    },
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
    {
      key: 'profit',
      header: 'Profit',
      align: 'end',
      cell: (row) => <YearFigure row={row} figure="profit" />,
    },
    {
      key: 'closed',
      header: 'Signed off through',
      tight: true,
      hideBelow: 'md',
      cell: ({ profile }) => closedThrough(profile),
    },
  ];
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
      </Panel>
      {adding ? <NewCompany onDone={() => setAdding(false)} /> : null}
      <RecentInvoices />
    </>
  );
}

function closedThrough(profile: Profile | undefined): string {
  if (profile === undefined) return 'Books not opened';
  return profile.closedThrough === null ? 'Nothing yet' : readableDay(profile.closedThrough);
}

type YearFigureProps = { row: Row; figure: 'totalIncome' | 'totalExpenses' | 'profit' };

/** One number of a company's calendar year so far, read in that company's own scope. */
function YearFigure({ row, figure }: YearFigureProps) {
  const { companyApi } = useApiContext();
  const { may } = useSession();
  const { query, cache } = companyApi(row.id);
  const to = dayOf(new Date());
  const report = useQuery(
    query.books.reports.profitAndLoss.queryOptions({
      input: { from: `${to.slice(0, 4)}-01-01`, to },
      enabled: row.profile !== undefined && may('books:report.read'),
    }),
    cache,
  );
  if (report.data === undefined) return report.isLoading ? '\u2026' : '\u2013';
  return <Amount value={report.data[figure]} currency={report.data.currency} />;
}
