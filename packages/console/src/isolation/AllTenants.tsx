import { useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import { DataTable } from '../elements/DataTable.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { countText } from './counts.ts';

/** Milliseconds between two looks: each counts the rows of every tenant. */
const rhythm = 30_000;

/** Every tenant's figures, for an operator. */
export function AllTenants() {
  const { query } = useApi();
  const all = useQuery(query.isolation.all.queryOptions({ input: {}, refetchInterval: rhythm }));
  return (
    <Panel title="All organisations" flush>
      <Loaded query={all} rows={3}>
        {({ tenants }) => (
          <DataTable
            caption="Figures of all organisations"
            rows={tenants}
            rowKey={({ id }) => id}
            columns={[
              { key: 'name', header: 'Organisation', cell: ({ name, id }) => name ?? <code>{id}</code> },
              {
                key: 'statements',
                header: 'Queries',
                align: 'end',
                cell: (row) => countText(row.statements),
              },
              { key: 'refusals', header: 'Refused', align: 'end', cell: (row) => countText(row.refusals) },
              {
                key: 'foreign',
                header: 'Of others',
                align: 'end',
                cell: (row) => countText(row.crossTenantRows),
              },
              { key: 'rows', header: 'Rows', align: 'end', cell: ({ rows }) => countText(rows) },
              {
                key: 'documents',
                header: 'Documents',
                align: 'end',
                hideBelow: 'sm',
                cell: ({ documents }) => countText(documents),
              },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}
