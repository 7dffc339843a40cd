import { Button, Group, Modal } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { AccessFields } from './AccessFields.tsx';
import type { Access, Member } from './types.ts';

export function ChangeMemberDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const { tenant, account } = useApiContext();
  const [access, setAccess] = useState<Access>({
    role: member.role,
    moduleRoles: member.moduleRoles,
    companies: member.companies,
  });
  const change = useMutation({
    mutationFn: () => tenant.client.member.change({ id: member.id, ...access }),
    onSuccess: async () => {
      onClose();
      announceDone(`${member.account.name}'s access is changed.`);
      await Promise.all([tenant.cache.invalidateQueries(), account.cache.invalidateQueries()]);
    },
  });
  return (
    <Modal opened onClose={onClose} title={`Access of ${member.account.name}`}>
      {change.error === null ? null : <ProblemNotice error={change.error} />}
      <AccessFields access={access} onChange={setAccess} />
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose}>
          Discard
        </Button>
        <Button loading={change.isPending} onClick={() => change.mutate()}>
          Save access
        </Button>
      </Group>
    </Modal>
  );
}
