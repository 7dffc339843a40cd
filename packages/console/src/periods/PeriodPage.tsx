import { useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import { CompanyRequired } from '../elements/CompanyRequired.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { FiscalYears } from './FiscalYears.tsx';

export function PeriodPage() {
  const { company } = useSession();
  return (
    <>
      <PageHeader title="Periods" lead={company?.name ?? 'A signed-off period takes no more postings'} />
      <CompanyRequired what="Periods are signed off">
        <PeriodList />
      </CompanyRequired>
    </>
  );
}

function PeriodList() {
  const { query } = useApi();
  const periods = useQuery(query.books.periods.list.queryOptions({ input: {} }));
  return (
    <Loaded query={periods} rows={12}>
      {(loaded) =>
        loaded.length === 0 ? (
          <Panel>
            <EmptyState title="No fiscal year is open.">
              Open the books of this company on the overview page.
            </EmptyState>
          </Panel>
        ) : (
          <FiscalYears periods={loaded} />
        )
      }
    </Loaded>
  );
}
