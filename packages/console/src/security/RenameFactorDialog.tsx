import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import type { Factor } from './types.ts';

type RenameFactorDialogProps = { factor: Factor; onClose: () => void; onRenamed: () => Promise<void> };

export function RenameFactorDialog({ factor, onClose, onRenamed }: RenameFactorDialogProps) {
  const { client } = useApiContext().account;
  const rename = useMutation({
    mutationFn: (label: string) => client.factor.rename({ id: factor.id, label }),
    onSuccess: onRenamed,
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    rename.mutate(textOf(new FormData(event.currentTarget), 'label'));
  }
  return (
    <Modal opened onClose={onClose} title={`Rename ${factor.label}`}>
      <form onSubmit={submit}>
        {rename.error === null ? null : <ProblemNotice error={rename.error} />}
        <TextInput
          label="Name"
          name="label"
          defaultValue={factor.label}
          maxLength={200}
          required
          withAsterisk={false}
          data-autofocus
        />
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button type="submit" loading={rename.isPending}>
            Save the name
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
