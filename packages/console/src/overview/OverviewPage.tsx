import { useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import { ButtonLink } from '../elements/ButtonLink.tsx';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { readProblem } from '../problems/problem.ts';
import { useSession } from '../session/SessionGate.tsx';
import { CompanyList } from './CompanyList.tsx';
import { NewCompany } from './NewCompany.tsx';
import { OpenBooks } from './OpenBooks.tsx';
import { RecentInvoices } from './RecentInvoices.tsx';
import { YearSummary } from './YearSummary.tsx';

export function OverviewPage() {
  const { company, companies, membership, may } = useSession();
  if (!may('books:profile.read')) return <NoBooks />;
  return (
    <>
      <PageHeader
        title={company?.name ?? membership.tenant.name}
        lead={company === undefined ? 'All companies' : membership.tenant.name}
        actions={
          company !== undefined && may('books:invoice.draft') ? (
            <ButtonLink to="/invoices/new" data-shortcut="n">
              New invoice
            </ButtonLink>
          ) : null
        }
      />
      {companies.length === 0 ? <NewCompany first /> : null}
      {companies.length > 0 && company === undefined ? <CompanyList /> : null}
      {company === undefined ? null : <CompanyOverview />}
    </>
  );
}

function CompanyOverview() {
  const { query } = useApi();
  const profile = useQuery(query.books.profiles.get.queryOptions({ input: {} }));
  if (profile.error !== null && readProblem(profile.error).status === 404) return <OpenBooks />;
  return (
    <Loaded query={profile}>
      {(loaded) => (
        <>
          <YearSummary profile={loaded} />
          <RecentInvoices />
        </>
      )}
    </Loaded>
  );
}

/** For members whose roles give them no part in the books. */
function NoBooks() {
  const { membership } = useSession();
  return (
    <>
      <PageHeader title={membership.tenant.name} />
      <Panel>
        <EmptyState title="Your roles give no access to the books.">
          An owner or admin can change that under Members.
        </EmptyState>
      </Panel>
    </>
  );
}
