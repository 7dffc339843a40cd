import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import type { Factor } from './types.ts';

type RemoveFactorDialogProps = { factor: Factor; onClose: () => void; onRemoved: () => Promise<void> };

export function RemoveFactorDialog({ factor, onClose, onRemoved }: RemoveFactorDialogProps) {
  const { client } = useApiContext().account;
  const remove = useMutation({
    mutationFn: () => client.factor.remove({ id: factor.id }),
    onSuccess: onRemoved,
  });
  return (
    <ConfirmDialog
      opened
      title={`Remove ${factor.label}?`}
      action="Remove it"
      keep="Keep it"
      danger
      working={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>
        It cannot be used any more. With the last factor the recovery codes go too, and your password alone
        opens the account.
      </p>
    </ConfirmDialog>
  );
}
