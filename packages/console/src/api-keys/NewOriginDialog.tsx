import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { FormDialog } from '../elements/FormDialog.tsx';
import { announceDone } from '../problems/announce.ts';

/** Lets pages of one website call the organisation's API. */
export function NewOriginDialog({ onClose }: { onClose: () => void }) {
  const { tenant } = useApiContext();
  const allow = useMutation({
    mutationFn: (origin: string) => tenant.client.allowedOrigin.add({ origin }),
    onSuccess: async ({ origin }) => {
      onClose();
      announceDone(`Pages of ${origin} may call this API.`);
      await tenant.cache.invalidateQueries();
    },
  });
  return (
    <FormDialog
      title="Allow a website"
      action="Allow website"
      discard="Discard"
      working={allow.isPending}
      error={allow.error}
      onSubmit={(form) => allow.mutate(textOf(form, 'origin'))}
      onClose={onClose}
    >
      <TextInput
        name="origin"
        label="Origin"
        description="As in the browser’s address bar, up to the first single slash: https://shop.example.com. One website at a time; no wildcards."
        maxLength={300}
        required
        withAsterisk={false}
        data-autofocus
      />
    </FormDialog>
  );
}
