import { Button, Group, TextInput } from '@mantine/core';
import { IconPrinter } from '@tabler/icons-react';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { CompanyRequired } from '../elements/CompanyRequired.tsx';
import { FilterBar } from '../elements/FilterBar.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useToday } from '../elements/useToday.ts';
import { useSession } from '../session/SessionGate.tsx';
import { changed, reportSearch, type ReportSearch } from '../shell/search.ts';
import { ProfitAndLossReport } from './ProfitAndLossReport.tsx';
import styles from './ReportPage.module.css';
import { TrialBalanceReport } from './TrialBalanceReport.tsx';

const reports = [
  { report: 'trial-balance', label: 'Trial balance' },
  { report: 'profit-and-loss', label: 'Profit and loss' },
] as const;

export function ReportPage() {
  const search = useSearch({ from: '/shell/reports' });
  const { company } = useSession();
  const chosen = reports.find(({ report }) => report === search.report) ?? reports[0];
  const today = useToday();
  const to = search.to ?? today;
  const from = search.from ?? `${to.slice(0, 4)}-01-01`;
  return (
    <>
      <PageHeader
        title={chosen.label}
        lead={company?.name ?? 'Reports'}
        actions={
          <Button
            variant="default"
            leftSection={<IconPrinter size={16} aria-hidden />}
            onClick={() => window.print()}
          >
            Print
          </Button>
        }
      />
      <nav aria-label="Reports" className={styles.tabs}>
        {reports.map(({ report, label }) => (
          <Link
            key={report}
            to="/reports"
            search={{ ...search, report }}
            className={styles.tab}
            aria-current={report === chosen.report ? 'page' : undefined}
          >
            {label}
          </Link>
        ))}
      </nav>
      <CompanyRequired what="Reports are drawn up for">
        <Panel flush>
          <SpanFilter search={search} from={chosen.report === 'profit-and-loss' ? from : null} to={to} />
          {chosen.report === 'trial-balance' ? (
            <TrialBalanceReport asOf={to} />
          ) : (
            <ProfitAndLossReport from={from} to={to} />
          )}
        </Panel>
      </CompanyRequired>
    </>
  );
}

function SpanFilter({ search, from, to }: { search: ReportSearch; from: string | null; to: string }) {
  const navigate = useNavigate();
  function filter(change: Record<string, string>): void {
    void navigate({
      to: '/reports',
      search: reportSearch(changed<Record<string, string | undefined>>(search, change)),
      replace: true,
    });
  }
  return (
    <FilterBar>
      <Group gap="sm" align="flex-end">
        {from === null ? null : (
          <TextInput
            type="date"
            label="From"
            value={from}
            max={to}
            onChange={(event) => filter({ from: event.currentTarget.value })}
          />
        )}
        <TextInput
          type="date"
          label={from === null ? 'As of' : 'To'}
          value={to}
          onChange={(event) => filter({ to: event.currentTarget.value })}
        />
      </Group>
    </FilterBar>
  );
}
