import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { PageHeader } from '../elements/PageHeader.tsx';
import { useSession } from '../session/SessionGate.tsx';
import { FactorPolicyPanel } from '../security/FactorPolicyPanel.tsx';
import { InviteDialog } from './InviteDialog.tsx';
import { InviteList } from './InviteList.tsx';
import { MemberList } from './MemberList.tsx';

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
      {membership.role === 'owner' ? <FactorPolicyPanel /> : null}
      {inviting ? <InviteDialog onClose={() => setInviting(false)} /> : null}
    </>
  );
}
