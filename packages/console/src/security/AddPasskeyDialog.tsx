import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { FormDialog } from '../elements/FormDialog.tsx';
import { makePasskey } from './authenticator.ts';

type AddPasskeyDialogProps = { onClose: () => void; onAdded: (codes: string[] | null) => Promise<void> };

export function AddPasskeyDialog({ onClose, onAdded }: AddPasskeyDialogProps) {
  const { factor } = useApiContext().account.client;
  const add = useMutation({
    mutationFn: async (label: string) => {
      const response = await makePasskey(await factor.passkeyOptions({}));
      return factor.addPasskey({ label, response });
    },
    onSuccess: ({ recoveryCodes }) => onAdded(recoveryCodes),
  });
  return (
    <FormDialog
      title="Add a passkey"
      action="Make the passkey"
      discard="Leave it"
      working={add.isPending}
      error={add.error}
      onSubmit={(form) => add.mutate(textOf(form, 'label'))}
      onClose={onClose}
    >
      <p>Your device makes a key that only it can use, after your fingerprint, your face or its PIN.</p>
      <TextInput
        label="Name"
        description="To tell it from others, e.g. the device it is on."
        name="label"
        maxLength={200}
        required
        withAsterisk={false}
        data-autofocus
      />
    </FormDialog>
  );
}
