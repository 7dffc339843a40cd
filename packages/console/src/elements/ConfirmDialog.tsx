import { Button, Group, Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';

type ConfirmDialogProps = {
  opened: boolean;
  title: string;
  /** What the button does, as a verb: "Cancel invoice", never "OK". */
  action: string;
  /** How to leave without doing it. */
  keep: string;
  danger?: boolean;
  working: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
};

/** Asks before something that cannot be undone. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { opened, title, action, keep, danger = false, working, error, onConfirm, onClose, children } = props;
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      {children}
      {error === null || error === undefined ? null : <ProblemNotice error={error} />}
      <Group justify="flex-end" mt="lg">
        <Button variant="default" onClick={onClose} data-autofocus>
          {keep}
        </Button>
        <Button {...(danger ? { color: 'red' } : {})} loading={working} onClick={onConfirm}>
          {action}
        </Button>
      </Group>
    </Modal>
  );
}
