import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
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
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    add.mutate(textOf(new FormData(event.currentTarget), 'label'));
  }
  return (
    <Modal opened onClose={onClose} title="Add a passkey">
      <form onSubmit={submit}>
        {add.error === null ? null : <ProblemNotice error={add.error} />}
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
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button type="submit" loading={add.isPending}>
            Make the passkey
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
