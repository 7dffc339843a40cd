import { useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import type { Client } from '../client/api.ts';
import { DataTable } from '../elements/DataTable.tsx';
import { Figure, Figures } from '../elements/Figures.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { Tag } from '../elements/Tag.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { AttackPanel } from './AttackPanel.tsx';
import { AllTenants } from './AllTenants.tsx';
import { countText } from './counts.ts';

type FiguresOfDay = Awaited<ReturnType<Client['isolation']['figures']>>;

/** Milliseconds between two looks at the figures. */
const rhythm = 5000;

/** What the database refused and gave today, what the tenant has in it, and an attack on it. */
export function IsolationPage() {
  const { query } = useApi();
  const { session } = useSession();
  const figures = useQuery(
    query.isolation.figures.queryOptions({ input: {}, refetchInterval: rhythm, staleTime: 0 }),
  );
  const { operator } = session.account;
  return (
    <>
      <PageHeader title="Isolation" lead="Held by the database, counted while it runs" />
      <Loaded query={figures} rows={8}>
        {(loaded) => (
          <>
            <Today figures={loaded} />
            {loaded.attack === 'everybody' || (operator && loaded.attack === 'operators') ? (
              <AttackPanel />
            ) : null}
            {operator ? <AllTenants /> : null}
            <Tables figures={loaded} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Today({ figures }: { figures: FiguresOfDay }) {
  const { statements, refusals, crossTenantRows, rows, documents } = figures;
  return (
    <Figures label={`Figures of ${figures.day}, UTC`}>
      <Figure label="Queries today" value={countText(statements)} />
      <Figure label="Refused today" value={countText(refusals)} />
      <Figure
        label="Rows of other tenants returned"
        value={countText(crossTenantRows)}
        alarm={crossTenantRows > 0}
      />
      <Figure label="Rows" value={countText(rows)} />
      <Figure label="Documents" value={countText(documents)} />
    </Figures>
  );
}

function Tables({ figures: { tables } }: { figures: FiguresOfDay }) {
  return (
    <Panel title="What this organisation has in each protected table" flush>
      <DataTable
        caption="Rows in each protected table"
        rows={tables}
        rowKey={({ table }) => table}
        columns={[
          { key: 'table', header: 'Table', cell: ({ table }) => <code>{table}</code> },
          {
            key: 'kind',
            header: 'Kind',
            hideBelow: 'sm',
            cell: ({ document }) => (document ? <Tag tone="plain">Documents</Tag> : ''),
          },
          { key: 'rows', header: 'Rows', align: 'end', cell: ({ rows }) => countText(rows) },
        ]}
      />
    </Panel>
  );
}
