import { Button, CopyButton, Group, Modal } from '@mantine/core';

/** Shows an application's secret, this once. */
export function SecretDialog({ id, secret, onClose }: { id: string; secret: string; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={`The secret of ${id}`} closeOnClickOutside={false}>
      <p>It is shown now and never again. Put it where the application keeps its secrets.</p>
      <p>
        <code aria-label="Secret">{secret}</code>
      </p>
      <Group justify="flex-end" mt="lg">
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onClose}>Done</Button>
      </Group>
    </Modal>
  );
}
