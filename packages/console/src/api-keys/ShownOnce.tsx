import { Button, CopyButton, Group, Modal, TextInput } from '@mantine/core';

type ShownOnceProps = { name: string; token: string; onClose: () => void };

/** The key itself. Closing takes a decision: a click beside the dialog would lose it for good. */
export function ShownOnce({ name, token, onClose }: ShownOnceProps) {
  return (
    <Modal
      opened
      onClose={onClose}
      title={`${name} is made`}
      closeOnClickOutside={false}
      closeOnEscape={false}
      withCloseButton={false}
    >
      <p>
        Copy the key now and keep it where the program reads its secrets. It is shown only here: the service
        keeps no copy.
      </p>
      <TextInput
        aria-label="API key"
        readOnly
        ff="monospace"
        value={token}
        onFocus={(event) => event.currentTarget.select()}
      />
      <p>
        The program sends it in every request: <code>Authorization: Bearer bhk_…</code>
      </p>
      <Group justify="flex-end" mt="lg">
        <CopyButton value={token}>
          {({ copied, copy }) => (
            <Button onClick={copy} data-autofocus>
              {copied ? 'Copied' : 'Copy key'}
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
