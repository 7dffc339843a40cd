import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import { announceDone } from '../problems/announce.ts';
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
    <FormDialog
      title={`Access of ${member.account.name}`}
      action="Save access"
      discard="Discard"
      working={change.isPending}
      error={change.error}
      onSubmit={() => change.mutate()}
      onClose={onClose}
    >
      <AccessFields access={access} onChange={setAccess} />
    </FormDialog>
  );
}
