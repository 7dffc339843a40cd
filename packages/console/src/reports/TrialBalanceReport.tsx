import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { Amount } from '../elements/Amount.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableDay } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { compare, decimalText, parseDecimal, sum, zero } from '../money/decimal.ts';
import styles from './Report.module.css';

type TrialBalance = Awaited<ReturnType<Client['books']['reports']['trialBalance']>>;
type Row = TrialBalance['rows'][number];

export function TrialBalanceReport({ asOf }: { asOf: string }) {
  const { query } = useApi();
  const report = useQuery(
    query.books.reports.trialBalance.queryOptions({ input: { asOf }, placeholderData: keepPreviousData }),
  );
  return (
    <Loaded query={report} rows={10}>
      {(balance) =>
        balance.rows.length === 0 ? (
          <EmptyState title={`Nothing is posted up to ${readableDay(asOf)}.`}>Choose a later day.</EmptyState>
        ) : (
          <DataTable
            caption={`Trial balance as of ${readableDay(balance.asOf)} in ${balance.currency}`}
            columns={columns}
            rows={balance.rows}
            rowKey={(row) => row.ledgerAccountId}
            foot={<TotalRow balance={balance} />}
          />
        )
      }
    </Loaded>
  );
}

const columns: Column<Row>[] = [
  { key: 'code', header: 'Account', tight: true, cell: ({ code }) => code },
  { key: 'name', header: 'Name', cell: ({ name }) => name },
  { key: 'type', header: 'Type', hideBelow: 'md', cell: ({ type }) => type },
  {
    key: 'debits',
    header: 'Debits',
    align: 'end',
    hideBelow: 'sm',
    cell: ({ debit }) => <Quiet value={debit} />,
  },
  {
    key: 'credits',
    header: 'Credits',
    align: 'end',
    hideBelow: 'sm',
    cell: ({ credit }) => <Quiet value={credit} />,
  },
  {
    key: 'debitBalance',
    header: 'Debit balance',
    align: 'end',
    cell: ({ debitBalance }) => <Quiet value={debitBalance} />,
  },
  {
    key: 'creditBalance',
    header: 'Credit balance',
    align: 'end',
    cell: ({ creditBalance }) => <Quiet value={creditBalance} />,
  },
];

/** Leaves zeros out, so that the sides stand apart. */
function Quiet({ value }: { value: string }) {
  return compare(parseDecimal(value) ?? zero, zero) === 0 ? (
    <span className={styles.none}>{'\u2013'}</span>
  ) : (
    <Amount value={value} />
  );
}

function TotalRow({ balance }: { balance: TrialBalance }) {
  const debits = total(balance.rows, 'debitBalance');
  const credits = total(balance.rows, 'creditBalance');
  return (
    <tr>
      <th scope="row" colSpan={2}>
        Total {balance.currency}
      </th>
      <td className="mantine-visible-from-md">{'\u00a0'}</td>
      <td className={`${styles.amount} mantine-visible-from-sm`}>
        <Amount value={balance.totalDebit} />
      </td>
      <td className={`${styles.amount} mantine-visible-from-sm`}>
        <Amount value={balance.totalCredit} />
      </td>
      <td className={styles.amount}>
        <Amount value={debits} />
      </td>
      <td className={styles.amount}>
        <Amount value={credits} />
      </td>
    </tr>
  );
}

function total(rows: readonly Row[], side: 'debitBalance' | 'creditBalance'): string {
  return decimalText(sum(rows.map((row) => parseDecimal(row[side]) ?? zero)));
}
