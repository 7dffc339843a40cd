import { Button, Group } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import { Loaded } from '../elements/Loaded.tsx';
import { PageHeader } from '../elements/PageHeader.tsx';
import { Panel } from '../elements/Panel.tsx';
import { useSession } from '../session/SessionGate.tsx';
import type { Company } from '../session/types.ts';
import { ChangeMemberDialog } from './ChangeMemberDialog.tsx';
import { InviteDialog } from './InviteDialog.tsx';
import { InviteList } from './InviteList.tsx';
import styles from './MemberPage.module.css';
import { RemoveMemberDialog } from './RemoveMemberDialog.tsx';
import { roleLabel } from './roles.ts';
import type { Member } from './types.ts';

type Asked = { what: 'change' | 'remove'; member: Member } | null;

export function MemberPage() {
  const { may, membership } = useSession();
  const [inviting, setInviting] = useState(false);
  return (
    <>
      <PageHeader
        title="Members"
        lead={membership.tenant.name}
        actions={
          may('access:invite.create') ? (
            <Button
              leftSection={<IconPlus size={16} aria-hidden />}
              data-shortcut="n"
              onClick={() => setInviting(true)}
            >
              Invite
            </Button>
          ) : null
        }
      />
      <MemberList />
      {may('access:invite.read') ? <InviteList /> : null}
      {inviting ? <InviteDialog onClose={() => setInviting(false)} /> : null}
    </>
  );
}

function MemberList() {
  const { tenant } = useApiContext();
  const { may, companies, membership, session } = useSession();
  const [asked, setAsked] = useState<Asked>(null);
  const members = useQuery(tenant.query.member.list.queryOptions({ input: {} }), tenant.cache);
  const columns = memberColumns({
    companies,
    ask: setAsked,
    own: session.account.id,
    mayChange: (member) =>
      may('access:member.change') && (membership.role === 'owner' || member.role !== 'owner'),
    mayRemove: (member) =>
      may('access:member.remove') && (membership.role === 'owner' || member.role !== 'owner'),
  });
  return (
    <Panel flush>
      <Loaded query={members}>
        {({ members: loaded }) => (
          <DataTable caption="Members" columns={columns} rows={loaded} rowKey={({ id }) => id} />
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

type ColumnOptions = {
  companies: readonly Company[];
  own: string;
  ask: (asked: Asked) => void;
  mayChange: (member: Member) => boolean;
  mayRemove: (member: Member) => boolean;
};

function memberColumns({ companies, own, ask, mayChange, mayRemove }: ColumnOptions): Column<Member>[] {
  return [
    {
      key: 'name',
      header: 'Name',
      cell: ({ account: { id, name, email } }) => (
        <>
          <span className={styles.name}>
            {name}
            {id === own ? <span className={styles.you}> (you)</span> : null}
          </span>
          <span className={styles.email}>{email}</span>
        </>
      ),
    },
    {
      key: 'role',
      header: 'Roles',
      cell: ({ role, moduleRoles }) => [role, ...moduleRoles].map(roleLabel).join(', '),
    },
    {
      key: 'companies',
      header: 'Companies',
      hideBelow: 'md',
      cell: (member) => companyNames(member.companies, companies),
    },
    {
      key: 'since',
      header: 'Since',
      hideBelow: 'md',
      tight: true,
      cell: ({ since }) => readableMoment(since).split(',')[0],
    },
    {
      key: 'actions',
      header: 'Actions',
      align: 'end',
      cell: (member) => (
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          {mayChange(member) ? (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Change ${member.account.name}`}
              onClick={() => ask({ what: 'change', member })}
            >
              Change
            </Button>
          ) : null}
          {mayRemove(member) ? (
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`Remove ${member.account.name}`}
              onClick={() => ask({ what: 'remove', member })}
            >
              Remove
            </Button>
          ) : null}
        </Group>
      ),
    },
  ];
}

export function companyNames(ids: readonly string[] | null, companies: readonly Company[]): string {
  if (ids === null) return 'All';
  return ids.map((id) => companies.find((company) => company.id === id)?.name ?? 'another').join(', ');
}
