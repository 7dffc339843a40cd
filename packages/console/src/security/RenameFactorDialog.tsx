import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { FormDialog } from '../elements/FormDialog.tsx';
import type { Factor } from './types.ts';

type RenameFactorDialogProps = { factor: Factor; onClose: () => void; onRenamed: () => Promise<void> };

export function RenameFactorDialog({ factor, onClose, onRenamed }: RenameFactorDialogProps) {
  const { client } = useApiContext().account;
  const rename = useMutation({
    mutationFn: (label: string) => client.factor.rename({ id: factor.id, label }),
    onSuccess: onRenamed,
  });
  return (
    <FormDialog
      title={`Rename ${factor.label}`}
      action="Save the name"
      discard="Leave it"
      working={rename.isPending}
      error={rename.error}
      onSubmit={(form) => rename.mutate(textOf(form, 'label'))}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        name="label"
        defaultValue={factor.label}
        maxLength={200}
        required
        withAsterisk={false}
        data-autofocus
      />
    </FormDialog>
  );
}
