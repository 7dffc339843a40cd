import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import type { FormEvent } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { textOf } from '../elements/form.ts';
import { DialogForm } from '../elements/FormDialog.tsx';
import { useFirstFocus } from '../elements/useFirstFocus.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import styles from './AddTotpDialog.module.css';
import { QrCode } from './QrCode.tsx';

type AddTotpDialogProps = { onClose: () => void; onAdded: (codes: string[] | null) => Promise<void> };

/** Names an authenticator app, shows it its secret, and asks for the first code. */
export function AddTotpDialog({ onClose, onAdded }: AddTotpDialogProps) {
  const { factor } = useApiContext().account.client;
  const begin = useMutation({ mutationFn: (label: string) => factor.addTotp({ label }) });
  return (
    <Modal opened onClose={onClose} title="Add an authenticator app">
      {begin.data === undefined ? (
        <DialogForm
          action="Go on"
          discard="Leave it"
          working={begin.isPending}
          error={begin.error}
          onSubmit={(form) => begin.mutate(textOf(form, 'label'))}
          onClose={onClose}
        >
          <TextInput
            label="Name"
            description="To tell it from others, e.g. the phone it is on."
            name="label"
            maxLength={200}
            required
            withAsterisk={false}
            data-autofocus
          />
        </DialogForm>
      ) : (
        <ConfirmTotp enrolment={begin.data} onAdded={onAdded} />
      )}
    </Modal>
  );
}

type Enrolment = { id: string; secret: string; address: string };

function ConfirmTotp({
  enrolment,
  onAdded,
}: {
  enrolment: Enrolment;
  onAdded: (codes: string[] | null) => Promise<void>;
}) {
  const { factor } = useApiContext().account.client;
  const code = useFirstFocus();
  const confirm = useMutation({
    mutationFn: (typed: string) => factor.confirmTotp({ id: enrolment.id, code: typed }),
    onSuccess: ({ recoveryCodes }) => onAdded(recoveryCodes),
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    confirm.mutate(textOf(new FormData(event.currentTarget), 'code'));
  }
  return (
    <form onSubmit={submit}>
      {confirm.error === null ? null : <ProblemNotice error={confirm.error} />}
      <p>Scan this with the app, or type the key into it.</p>
      <QrCode text={enrolment.address} label="QR code for the authenticator app" />
      <p className={styles.secret}>
        <code>{enrolment.secret.replaceAll(/.{4}(?=.)/g, '$& ')}</code>
      </p>
      <TextInput
        ref={code}
        label="The code it shows now"
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="[0-9 ]{6,9}"
        title="Six digits"
        required
        withAsterisk={false}
      />
      <Group justify="flex-end" mt="lg">
        <Button type="submit" loading={confirm.isPending}>
          Add the app
        </Button>
      </Group>
    </form>
  );
}
