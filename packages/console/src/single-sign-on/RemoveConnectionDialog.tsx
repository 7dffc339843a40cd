import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { announceDone } from '../problems/announce.ts';
import type { Connection } from './types.ts';

export function RemoveConnectionDialog({
  connection,
  onClose,
}: {
  connection: Connection;
  onClose: () => void;
}) {
  const { tenant } = useApiContext();
  const { id, name } = connection;
  const remove = useMutation({
    mutationFn: () => tenant.client.connection.remove({ id }),
    onSuccess: async () => {
      onClose();
      announceDone(`${name} is removed.`);
      await tenant.cache.invalidateQueries();
    },
  });
  return (
    <ConfirmDialog
      opened
      title={`Remove ${name}?`}
      action="Remove connection"
      keep="Keep it"
      danger
      working={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>
        Nobody signs in through it any more, and whoever did loses access at once. Their memberships stay:
        with a password or an email link they still come in.
      </p>
    </ConfirmDialog>
  );
}
