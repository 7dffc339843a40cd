import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ConfirmDialog } from '../elements/ConfirmDialog.tsx';
import { announceDone } from '../problems/announce.ts';
import type { ApiKey } from './types.ts';

export function RevokeApiKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { tenant } = useApiContext();
  const revoke = useMutation({
    mutationFn: () => tenant.client.apiKey.revoke({ id: apiKey.id }),
    onSuccess: async () => {
      onClose();
      announceDone(`${apiKey.name} is revoked.`);
      await tenant.cache.invalidateQueries();
    },
  });
  return (
    <ConfirmDialog
      opened
      title={`Revoke ${apiKey.name}?`}
      action="Revoke key"
      keep="Keep it"
      danger
      working={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      <p>
        The program that uses <code>{apiKey.hint}…</code> is refused within five seconds, for good. What it
        did stays in the audit log.
      </p>
    </ConfirmDialog>
  );
}
