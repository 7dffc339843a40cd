import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { Amount } from '../elements/Amount.tsx';
import { readableDay } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import styles from './Report.module.css';

type ProfitAndLoss = Awaited<ReturnType<Client['books']['reports']['profitAndLoss']>>;
type Line = ProfitAndLoss['income'][number];

export function ProfitAndLossReport({ from, to }: { from: string; to: string }) {
  const { query } = useApi();
  const valid = from <= to;
  const report = useQuery(
    query.books.reports.profitAndLoss.queryOptions({
      input: { from, to },
      enabled: valid,
      placeholderData: keepPreviousData,
    }),
  );
  if (!valid)
    return (
      <EmptyState title="The span ends before it begins.">
        Choose a first day on or before the last.
      </EmptyState>
    );
  return (
    <Loaded query={report} rows={8}>
      {(loaded) =>
        loaded.income.length + loaded.expenses.length === 0 ? (
          <EmptyState title="No income and no expense in these days.">Choose another span.</EmptyState>
        ) : (
          <Statement report={loaded} />
        )
      }
    </Loaded>
  );
}

function Statement({ report }: { report: ProfitAndLoss }) {
  return (
    <table
      className={styles.table}
      aria-label={`Profit and loss from ${readableDay(report.from)} to ${readableDay(report.to)} in ${report.currency}`}
    >
      <Group title="Income" lines={report.income} total={report.totalIncome} />
      <Group title="Expenses" lines={report.expenses} total={report.totalExpenses} />
      <tbody>
        <tr className={styles.profit}>
          <th scope="row">{report.profit.startsWith('-') ? 'Loss' : 'Profit'}</th>
          <td className={styles.amount}>
            <Amount value={report.profit} currency={report.currency} />
          </td>
        </tr>
      </tbody>
    </table>
  );
}

function Group({ title, lines, total }: { title: string; lines: readonly Line[]; total: string }) {
  return (
    <tbody>
      <tr className={styles.group}>
        <th scope="rowgroup" colSpan={2}>
          {title}
        </th>
      </tr>
      {lines.map((line) => (
        <tr key={line.ledgerAccountId}>
          <td className={styles.name}>
            <span className={styles.none}>{line.code}</span> {line.name}
          </td>
          <td className={styles.amount}>
            <Amount value={line.amount} />
          </td>
        </tr>
      ))}
      <tr className={styles.subtotal}>
        <th scope="row">Total {title.toLowerCase()}</th>
        <td className={styles.amount}>
          <Amount value={total} />
        </td>
      </tr>
    </tbody>
  );
}
