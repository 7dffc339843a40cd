import { Button, CopyButton, Group, Modal, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';

type SecretShownProps = { title: string; secret: string; onClose: () => void; children: ReactNode };

/** A secret, once. Closing takes a decision: a click beside the dialog would lose it for good. */
export function SecretShown({ title, secret, onClose, children }: SecretShownProps) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      {children}
      <TextInput
        aria-label="Signing secret"
        readOnly
        ff="monospace"
        value={secret}
        onFocus={(event) => event.currentTarget.select()}
      />
      <Group justify="flex-end" mt="lg">
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button onClick={copy} data-autofocus>
              {copied ? 'Copied' : 'Copy secret'}
            </Button>
          )}
        </CopyButton>
        <Button variant="default" onClick={onClose}>
          I have kept it
        </Button>
      </Group>
    </Modal>
  );
}
