import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { announceDone } from '../problems/announce.ts';
import { useSession } from '../session/SessionGate.tsx';
import type { Member } from './types.ts';

export function RemoveMemberDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const { tenant, account } = useApiContext();
  const { membership } = useSession();
  const remove = useMutation({
    mutationFn: () => tenant.client.member.remove({ id: member.id }),
    onSuccess: async () => {
      onClose();
      announceDone(`${member.account.name} is removed.`);
      await Promise.all([tenant.cache.invalidateQueries(), account.cache.invalidateQueries()]);
    },
  });
  return (
    <ConfirmDialog
      opened
      title={`Remove ${member.account.name}?`}
      action="Remove member"
      keep="Keep them"
      danger
      working={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>
        {member.account.email} loses all access to {membership.tenant.name} at once. What they did stays in
        the books and in the audit log under their name. They can be invited again.
      </p>
    </ConfirmDialog>
  );
}
