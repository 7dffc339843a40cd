import { useQueries, useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import { Amount } from '../elements/Amount.tsx';
import { readableDay } from '../elements/dates.ts';
import { Figure, Figures } from '../elements/Figures.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useToday } from '../elements/useToday.ts';
import { decimalText, parseDecimal, subtract, sum, zero } from '../money/decimal.ts';
import { useSession } from '../session/SessionGate.tsx';
import type { MonthFigures, Period, Profile } from './types.ts';
import { YearChart } from './YearChart.tsx';

/** The fiscal year in numbers and, month by month, as a chart. */
export function YearSummary({ profile }: { profile: Profile }) {
  const { query } = useApi();
  const { may } = useSession();
  const today = useToday();
  const periods = useQuery(
    query.books.periods.list.queryOptions({ input: {}, enabled: may('books:period.read') }),
  );
  if (!may('books:report.read') || !may('books:period.read')) return null;
  return (
    <Loaded query={periods} rows={4}>
      {(loaded) => <Year profile={profile} periods={currentYear(loaded, today)} />}
    </Loaded>
  );
}

/** The periods of the latest fiscal year that has begun, earliest first. */
export function currentYear(periods: readonly Period[], today: string): Period[] {
  const begun = periods.filter(({ startsOn }) => startsOn <= today);
  const year = Math.max(...begun.map(({ fiscalYear }) => fiscalYear));
  return periods
    .filter(({ fiscalYear }) => fiscalYear === year)
    .toSorted((left, right) => (left.startsOn < right.startsOn ? -1 : 1));
}

function Year({ profile, periods }: { profile: Profile; periods: readonly Period[] }) {
  const { query } = useApi();
  const today = useToday();
  const months = useQueries({
    queries: periods
      .filter(({ startsOn }) => startsOn <= today)
      .map(({ startsOn, endsOn }) =>
        query.books.reports.profitAndLoss.queryOptions({
          input: { from: startsOn, to: endsOn },
          staleTime: 60_000,
        }),
      ),
    combine: (reports) => ({
      data: reports.every(({ data }) => data !== undefined)
        ? reports.flatMap(({ data }) =>
            data === undefined
              ? []
              : [{ startsOn: data.from, income: data.totalIncome, expenses: data.totalExpenses }],
          )
        : undefined,
      error: reports.find(({ error }) => error !== null)?.error ?? null,
      isPending: reports.some(({ isPending }) => isPending),
      refetch: () => Promise.all(reports.map((report) => report.refetch())),
    }),
  });
  const year = periods[0]?.fiscalYear;
  if (year === undefined) return null;
  return (
    <Loaded query={months} rows={5}>
      {(figures) => (
        <>
          <Totals figures={figures} profile={profile} periods={periods} />
          <Panel title={`Income and expenses, fiscal year ${year}`}>
            <YearChart months={withFuture(periods, figures)} currency={profile.currency} />
          </Panel>
        </>
      )}
    </Loaded>
  );
}

function withFuture(periods: readonly Period[], figures: readonly MonthFigures[]): MonthFigures[] {
  return periods.map(({ startsOn }, index) => figures[index] ?? { startsOn, income: '0', expenses: '0' });
}

type TotalsProps = { figures: readonly MonthFigures[]; profile: Profile; periods: readonly Period[] };

function Totals({ figures, profile, periods }: TotalsProps) {
  const income = sum(figures.map((month) => parseDecimal(month.income) ?? zero));
  const expenses = sum(figures.map((month) => parseDecimal(month.expenses) ?? zero));
  const profit = subtract(income, expenses);
  const { currency } = profile;
  const drafts = periods.reduce((count, period) => count + period.drafts, 0);
  return (
    <Figures>
      <Figure label={`Income ${currency}`} value={<Amount value={decimalText(income)} />} />
      <Figure label={`Expenses ${currency}`} value={<Amount value={decimalText(expenses)} />} />
      <Figure
        label={`${profit.units < 0n ? 'Loss' : 'Profit'} ${currency}`}
        value={<Amount value={decimalText(profit)} />}
      />
      <Figure
        label="Signed off through"
        value={profile.closedThrough === null ? 'Nothing yet' : readableDay(profile.closedThrough)}
      />
      <Figure label="Drafts" value={drafts} />
    </Figures>
  );
}
