import { Button, Checkbox, CopyButton, Group, Modal } from '@mantine/core';
import { useState } from 'react';
import { saveFile } from '../client/file.ts';
import styles from './RecoveryCodesDialog.module.css';

/** Shows recovery codes, this once, and closes only when they are kept somewhere. */
export function RecoveryCodesDialog({ codes, onClose }: { codes: readonly string[]; onClose: () => void }) {
  const [kept, setKept] = useState(false);
  return (
    <Modal
      opened
      onClose={onClose}
      title="Your recovery codes"
      closeOnEscape={kept}
      closeOnClickOutside={kept}
      withCloseButton={false}
      size="lg"
    >
      <p>
        Each of these signs you in once when you do not have your passkey or your app. They are shown now and
        never again: keep them where you keep what matters, and not beside your password.
      </p>
      <ol className={styles.codes} aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <Keeping text={codes.join('\n')} />
      <Checkbox
        mt="lg"
        label="I have kept these codes"
        checked={kept}
        onChange={(event) => setKept(event.currentTarget.checked)}
      />
      <Group justify="flex-end" mt="lg">
        <Button disabled={!kept} onClick={onClose}>
          Done
        </Button>
      </Group>
    </Modal>
  );
}

/** Ways to keep the codes somewhere. */
function Keeping({ text }: { text: string }) {
  return (
    <Group>
      <Button
        variant="default"
        onClick={() =>
          saveFile(new Blob([`${text}\n`], { type: 'text/plain' }), 'bulkhead-recovery-codes.txt')
        }
      >
        Download
      </Button>
      <Button variant="default" onClick={() => window.print()}>
        Print
      </Button>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button variant="default" onClick={copy}>
            {copied ? 'Copied' : 'Copy'}
          </Button>
        )}
      </CopyButton>
    </Group>
  );
}
