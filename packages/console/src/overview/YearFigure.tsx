import { useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { Amount } from '../elements/Amount.tsx';
import { useToday } from '../elements/useToday.ts';
import { useSession } from '../session/SessionGate.tsx';
import type { CompanyRow } from './types.ts';

type YearFigureProps = { row: CompanyRow; figure: 'totalIncome' | 'totalExpenses' | 'profit' };

/** One number of a company's calendar year so far, read in that company's own scope. */
export function YearFigure({ row, figure }: YearFigureProps) {
  const { companyApi } = useApiContext();
  const { may } = useSession();
  const { query, cache } = companyApi(row.id);
  const to = useToday();
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
