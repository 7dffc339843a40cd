import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { announceDone } from '../problems/announce.ts';
import type { Source } from './types.ts';

export function RemoveSourceDialog({ source, onClose }: { source: Source; onClose: () => void }) {
  const { tenant } = useApiContext();
  const remove = useMutation({
    mutationFn: () => tenant.client.source.remove({ id: source.id }),
    onSuccess: async () => {
      onClose();
      announceDone(`${source.name} is removed.`);
      await tenant.cache.invalidateQueries();
    },
  });
  return (
    <ConfirmDialog
      opened
      title={`Remove ${source.name}?`}
      action="Remove source"
      keep="Keep it"
      danger
      working={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>What it sends is refused within five seconds, and its secrets are deleted. What came stays.</p>
    </ConfirmDialog>
  );
}
