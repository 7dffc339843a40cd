import { Button, Group } from '@mantine/core';
import styles from './ApplicationList.module.css';
import type { Application } from './types.ts';

type ApplicationItemProps = {
  application: Application;
  rotating: boolean;
  onRotate: () => void;
  onRemove: () => void;
};

/** One application, and what can be done to it. */
export function ApplicationItem({ application, rotating, onRotate, onRemove }: ApplicationItemProps) {
  const { id, name, authentication } = application;
  return (
    <li className={styles.item}>
      <span className={styles.name}>
        {name} <code>{id}</code>
        <small>{placeOf(application)}</small>
      </span>
      <Group gap="xs">
        {authentication === 'secret' ? (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`New secret for ${name}`}
            loading={rotating}
            onClick={onRotate}
          >
            New secret
          </Button>
        ) : null}
        <Button size="compact-sm" variant="default" aria-label={`Remove ${name}`} onClick={onRemove}>
          Remove
        </Button>
      </Group>
    </li>
  );
}

function placeOf({ resource, redirectUris, firstParty }: Application): string {
  const [first] = redirectUris;
  const signsIn = first === undefined ? [] : [firstParty ? new URL(first).origin : 'not first-party'];
  return [...signsIn, ...(resource === null ? [] : [`accepts tokens for ${resource}`])].join(', ');
}
