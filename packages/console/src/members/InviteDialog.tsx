import { TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { FormDialog } from '../elements/FormDialog.tsx';
import { announceDone } from '../problems/announce.ts';
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
  return (
    <FormDialog
      title="Invite to the organisation"
      action="Send invite"
      discard="Discard"
      working={invite.isPending}
      error={invite.error}
      onSubmit={() => invite.mutate()}
      onClose={onClose}
    >
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
    </FormDialog>
  );
}
