import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import { EmptyState } from '../elements/EmptyState.tsx';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { announceDone, announceProblem } from '../problems/announce.ts';
import { useSession } from '../session/SessionGate.tsx';
import { roleLabel } from './roles.ts';
import type { Invite } from './types.ts';

/** Invites not yet accepted. */
export function InviteList() {
  const { tenant } = useApiContext();
  const { may } = useSession();
  const invites = useQuery(tenant.query.invite.list.queryOptions({ input: {} }), tenant.cache);
  const withdraw = useMutation({
    mutationFn: (invite: Invite) => tenant.client.invite.revoke({ id: invite.id }),
    onSuccess: async (_, invite) => {
      announceDone(`The invite of ${invite.email} is withdrawn.`);
      await tenant.cache.invalidateQueries();
    },
    onError: announceProblem,
  });
  const action: Column<Invite> = {
    key: 'action',
    header: 'Action',
    align: 'end',
    cell: (invite) => (
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Withdraw the invite of ${invite.email}`}
        loading={withdraw.isPending && withdraw.variables.id === invite.id}
        onClick={() => withdraw.mutate(invite)}
      >
        Withdraw
      </Button>
    ),
  };
  return (
    <Panel title="Open invites" flush>
      <Loaded query={invites} rows={2}>
        {({ invites: loaded }) =>
          loaded.length === 0 ? (
            <EmptyState title="No open invite." />
          ) : (
            <DataTable
              caption="Open invites"
              columns={may('access:invite.revoke') ? [...columns, action] : columns}
              rows={loaded}
              rowKey={({ id }) => id}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

const columns: Column<Invite>[] = [
  { key: 'email', header: 'Email', cell: ({ email }) => email },
  {
    key: 'role',
    header: 'Roles',
    cell: ({ role, moduleRoles }) => [role, ...moduleRoles].map(roleLabel).join(', '),
  },
  {
    key: 'expires',
    header: 'Works until',
    tight: true,
    hideBelow: 'sm',
    cell: ({ expiresAt }) => readableMoment(expiresAt),
  },
];
