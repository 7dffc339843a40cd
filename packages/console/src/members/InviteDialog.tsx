import { Button, CopyButton, Group, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
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
    onSuccess: () => tenant.cache.invalidateQueries(),
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    invite.mutate();
  }
  if (invite.data !== undefined)
    return <InviteLink email={invite.data.email} token={invite.data.token} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title="Invite to the organisation">
      <form onSubmit={submit}>
        {invite.error === null ? null : <ProblemNotice error={invite.error} />}
        <TextInput
          label="Email"
          type="email"
          description="The invite works for this address only."
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
            Create invite
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

function InviteLink({ email, token, onClose }: { email: string; token: string; onClose: () => void }) {
  // In the fragment, so that it reaches no server's log on the way.
  const link = `${window.location.origin}/accept-invite#${token}`;
  return (
    <Modal opened onClose={onClose} title="The invite is ready">
      <p>Send this link to {email}. It is shown only now, and works once.</p>
      <TextInput
        aria-label="Invite link"
        readOnly
        value={link}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Group justify="flex-end" mt="lg">
        <CopyButton value={link}>
          {({ copied, copy }) => (
            <Button onClick={copy} data-autofocus>
              {copied ? 'Copied' : 'Copy link'}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" onClick={onClose}>
          Done
        </Button>
      </Group>
    </Modal>
  );
}
