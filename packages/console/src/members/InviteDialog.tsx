import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { announceDone } from '../problems/announce.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { AccessFields } from './AccessFields.tsx';
import type { Access } from './types.ts';

export function InviteDialog({ onClose }: { onClose: () => void }) {
  const { tenant } = useApiContext();
  const [email, setEmail] = useState('');
  const [access, setAccess] = useState<Access>({
    role: 'member',
    moduleRoles: ['books:viewer'],
    companies: null,
  });
  const invite = useMutation({
    mutationFn: () => tenant.client.invite.create({ email: email.trim(), ...access }),
    onSuccess: async ({ email: invited }) => {
      await tenant.cache.invalidateQueries();
      announceDone(`The invite is on its way to ${invited}.`);
      onClose();
    },
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    invite.mutate();
  }
  return (
    <Modal opened onClose={onClose} title="Invite to the organisation">
      <form onSubmit={submit}>
        {invite.error === null ? null : <ProblemNotice error={invite.error} />}
        <TextInput
          label="Email"
          type="email"
          description="The link goes to this address, and works for it alone."
          maxLength={254}
          required
          withAsterisk={false}
          data-autofocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          mb="md"
        />
        <AccessFields access={access} onChange={setAccess} />
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={onClose}>
            Discard
          </Button>
          <Button type="submit" loading={invite.isPending}>
            Send invite
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
