import { Button, Group, Modal } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';

type DialogFormProps = {
  /** What the button does, as a verb: "Send invite", never "OK". */
  action: string;
  /** How to leave without doing it. */
  discard: string;
  working: boolean;
  /** What went wrong at the last try; null where nothing did. */
  error: unknown;
  /** Whether there is too little to send yet. */
  incomplete?: boolean;
  onSubmit: (form: FormData) => void;
  onClose: () => void;
  children: ReactNode;
};

type FormDialogProps = DialogFormProps & { title: string; size?: 'md' | 'lg' };

/** A form in a dialog: its fields, what went wrong, and the two ways on. */
export function FormDialog({ title, size = 'md', ...form }: FormDialogProps) {
  return (
    <Modal opened onClose={form.onClose} title={title} size={size}>
      <DialogForm {...form} />
    </Modal>
  );
}

/** The form alone, where the dialog around it shows other things before or after. */
export function DialogForm(props: DialogFormProps) {
  const { action, discard, working, error, incomplete = false, onSubmit, onClose, children } = props;
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    onSubmit(new FormData(event.currentTarget));
  }
  return (
    <form onSubmit={submit}>
      {error === null ? null : <ProblemNotice error={error} />}
      {children}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose}>
          {discard}
        </Button>
        <Button type="submit" loading={working} disabled={incomplete}>
          {action}
        </Button>
      </Group>
    </form>
  );
}
