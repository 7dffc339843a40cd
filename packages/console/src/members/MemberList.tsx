import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { dayOf, readableDay } from '../elements/dates.ts';
import { Loaded } from '../elements/Loaded.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { ChangeMemberDialog } from './ChangeMemberDialog.tsx';
import styles from './MemberList.module.css';
import { RemoveMemberDialog } from './RemoveMemberDialog.tsx';
import { roleLabel } from './roles.ts';
import type { Member } from './types.ts';

type Asked = { what: 'change' | 'remove'; member: Member };

/** The tenant's members, with what the reader may do to each. */
export function MemberList() {
  const { tenant } = useApiContext();
  const [asked, setAsked] = useState<Asked | null>(null);
  const members = useQuery(tenant.query.member.list.queryOptions({ input: {} }), tenant.cache);
  const actions: Column<Member> = {
    key: 'actions',
    header: 'Actions',
    align: 'end',
    cell: (member) => <MemberActions member={member} onAsk={setAsked} />,
  };
  return (
    <Panel flush>
      <Loaded query={members}>
        {({ members: loaded }) => (
          <DataTable
            caption="Members"
            columns={[...columns, actions]}
            rows={loaded}
            rowKey={({ id }) => id}
          />
        )}
      </Loaded>
      {asked?.what === 'change' ? (
        <ChangeMemberDialog member={asked.member} onClose={() => setAsked(null)} />
      ) : null}
      {asked?.what === 'remove' ? (
        <RemoveMemberDialog member={asked.member} onClose={() => setAsked(null)} />
      ) : null}
    </Panel>
  );
}

const columns: Column<Member>[] = [
  { key: 'name', header: 'Name', cell: (member) => <MemberName member={member} /> },
  {
    key: 'role',
    header: 'Roles',
    cell: ({ role, moduleRoles }) => [role, ...moduleRoles].map(roleLabel).join(', '),
  },
  {
    key: 'companies',
    header: 'Companies',
    hideBelow: 'md',
    cell: ({ companies }) => <CompanyNames ids={companies} />,
  },
  {
    key: 'since',
    header: 'Since',
    hideBelow: 'md',
    tight: true,
    cell: ({ since }) => readableDay(dayOf(new Date(since))),
  },
];

function MemberName({ member: { account } }: { member: Member }) {
  const { session } = useSession();
  return (
    <>
      <span className={styles.name}>
        {account.name}
        {account.id === session.account.id ? <span className={styles.you}> (you)</span> : null}
      </span>
      <span className={styles.email}>{account.email}</span>
    </>
  );
}

function CompanyNames({ ids }: { ids: readonly string[] | null }) {
  const { companies } = useSession();
  if (ids === null) return 'All';
  return ids.map((id) => companies.find((company) => company.id === id)?.name ?? 'another').join(', ');
}

type MemberActionsProps = { member: Member; onAsk: (asked: Asked) => void };

function MemberActions({ member, onAsk }: MemberActionsProps) {
  const { may, membership } = useSession();
  if (member.role === 'owner' && membership.role !== 'owner') return null;
  const { name } = member.account;
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      {may('access:member.change') ? (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Change ${name}`}
          onClick={() => onAsk({ what: 'change', member })}
        >
          Change
        </Button>
      ) : null}
      {may('access:member.remove') ? (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Remove ${name}`}
          onClick={() => onAsk({ what: 'remove', member })}
        >
          Remove
        </Button>
      ) : null}
    </Group>
  );
}
