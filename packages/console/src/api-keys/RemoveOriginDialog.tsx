import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { announceDone } from '../problems/announce.ts';
import type { AllowedOrigin } from './types.ts';

export function RemoveOriginDialog({ origin, onClose }: { origin: AllowedOrigin; onClose: () => void }) {
  const { tenant } = useApiContext();
  const remove = useMutation({
    mutationFn: () => tenant.client.allowedOrigin.remove({ id: origin.id }),
    onSuccess: async () => {
      onClose();
      announceDone(`Pages of ${origin.origin} may no longer call this API.`);
      await tenant.cache.invalidateQueries();
    },
  });
  return (
    <ConfirmDialog
      opened
      title={`Remove ${origin.origin}?`}
      action="Remove website"
      keep="Keep it"
      danger
      working={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate()}
      onClose={onClose}
    >
      <p>Calls by its pages are refused within five seconds. The keys they use stay good elsewhere.</p>
    </ConfirmDialog>
  );
}
