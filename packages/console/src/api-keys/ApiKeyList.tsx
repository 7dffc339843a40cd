import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useMemberNames } from '../audit/useMemberNames.ts';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import styles from './ApiKeyList.module.css';
import { ExpiryTag } from './ExpiryTag.tsx';
import { RevokeApiKeyDialog } from './RevokeApiKeyDialog.tsx';
import type { ApiKey } from './types.ts';

/** Every key that was not revoked, with what it may do and when it was last used. */
export function ApiKeyList() {
  const { tenant } = useApiContext();
  const { may } = useSession();
  const [ending, setEnding] = useState<ApiKey | null>(null);
  const keys = useQuery(tenant.query.apiKey.list.queryOptions({ input: {} }), tenant.cache);
  const action: Column<ApiKey> = {
    key: 'action',
    header: 'Action',
    align: 'end',
    cell: (key) => (
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Revoke ${key.name}`}
        onClick={() => setEnding(key)}
      >
        Revoke
      </Button>
    ),
  };
  return (
    <Panel flush>
      <Loaded query={keys} rows={3}>
        {({ apiKeys }) =>
          apiKeys.length === 0 ? (
            <EmptyState title="No program has a key yet." />
          ) : (
            <DataTable
              caption="API keys"
              columns={may('access:api-key.revoke') ? [...columns, action] : columns}
              rows={apiKeys}
              rowKey={({ id }) => id}
            />
          )
        }
      </Loaded>
      {ending === null ? null : <RevokeApiKeyDialog apiKey={ending} onClose={() => setEnding(null)} />}
    </Panel>
  );
}

const columns: Column<ApiKey>[] = [
  { key: 'name', header: 'Name', cell: (key) => <KeyName apiKey={key} /> },
  { key: 'may', header: 'May', cell: ({ permissions }) => <Permissions permissions={permissions} /> },
  {
    key: 'companies',
    header: 'Companies',
    hideBelow: 'md',
    cell: ({ companies }) => <CompanyNames ids={companies} />,
  },
  {
    key: 'used',
    header: 'Last used',
    hideBelow: 'sm',
    cell: ({ lastUsedAt, lastUsedIp }) =>
      lastUsedAt === null ? 'Never' : `${readableMoment(lastUsedAt)}, ${lastUsedIp ?? 'somewhere'}`,
  },
  { key: 'expires', header: 'Works until', tight: true, cell: (key) => <ExpiryTag at={key.expiresAt} /> },
];

function KeyName({ apiKey }: { apiKey: ApiKey }) {
  const names = useMemberNames();
  const maker = names.get(apiKey.createdBy) ?? 'somebody who has left';
  return (
    <>
      <span className={styles.name}>{apiKey.name}</span>
      <span className={styles.detail}>
        <code>{apiKey.hint}…</code> {apiKey.kind === 'service' ? 'stands alone' : 'follows'}
        {apiKey.kind === 'service' ? `, made by ${maker}` : ` ${maker}`}
      </span>
    </>
  );
}

function Permissions({ permissions }: { permissions: readonly string[] }) {
  const [first, ...more] = permissions;
  return (
    <span title={permissions.join('\n')}>
      <code>{first}</code>
      {more.length === 0 ? null : ` and ${more.length} more`}
    </span>
  );
}

function CompanyNames({ ids }: { ids: readonly string[] | null }) {
  const { companies } = useSession();
  if (ids === null) return 'All';
  return ids.map((id) => companies.find((company) => company.id === id)?.name ?? 'another').join(', ');
}
