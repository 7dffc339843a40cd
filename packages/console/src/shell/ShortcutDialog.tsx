import { Kbd, Modal, Switch } from '@mantine/core';
import { useState } from 'react';
import { useSession } from '../session/SessionGate.tsx';
import { places } from './places.ts';
import styles from './ShortcutDialog.module.css';
import { keepShortcuts, shortcutsOn, useShortcuts } from './shortcuts.ts';

type ShortcutDialogProps = { opened: boolean; onOpen: () => void; onClose: () => void };

/** Lists the shortcuts, and switches them off. */
export function ShortcutDialog({ opened, onOpen, onClose }: ShortcutDialogProps) {
  const [on, setOn] = useState(() => shortcutsOn(window.localStorage));
  const { may } = useSession();
  useShortcuts({ on, onHelp: onOpen });
  function toggle(next: boolean): void {
    setOn(next);
    keepShortcuts(next, window.localStorage);
  }
  const rows: [string[], string][] = [
    [['?'], 'This list'],
    [['/'], 'Search'],
    [['n'], 'New'],
    ...places
      .filter((place) => may(place.permission))
      .map(({ key, label }): [string[], string] => [['g', key], label]),
  ];
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts">
      <dl className={styles.list}>
        {rows.map(([keys, label]) => (
          <div key={label} className={styles.row}>
            <dt className={styles.keys}>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dt>
            <dd className={styles.label}>{label}</dd>
          </div>
        ))}
      </dl>
      <Switch
        label="Single-key shortcuts"
        checked={on}
        onChange={(event) => toggle(event.currentTarget.checked)}
      />
    </Modal>
  );
}
