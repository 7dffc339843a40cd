import { Popover, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import { readableMoment } from '../elements/dates.ts';
import { Tag } from '../elements/Tag.tsx';
import type { Tone } from '../elements/Tag.tsx';
import styles from './ChainStatus.module.css';
import type { Checkpoint } from './types.ts';

/** How far the log is sealed, signed, kept outside the database and checked, and what that shows. */
export function ChainStatus() {
  const { query } = useApi();
  const checkpoint = useQuery(query.audit.checkpoint.queryOptions({ input: {}, refetchInterval: 15_000 }));
  if (checkpoint.data === undefined) return null;
  const chain = checkpoint.data;
  const { tone, word } = verdict(chain);
  return (
    <output className={styles.status} aria-label="Seal of the log">
      <Tag tone={tone}>{word}</Tag>
      <span>{sentence(chain)}</span>
      <Popover width={380} position="bottom-start" withArrow trapFocus>
        <Popover.Target>
          <UnstyledButton className={styles.more}>What this shows</UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown>
          <Explanation {...chain} />
        </Popover.Dropdown>
      </Popover>
    </output>
  );
}

function verdict({ note, check }: Checkpoint): { tone: Tone; word: string } {
  if (check?.outcome === 'tampered') return { tone: 'bad', word: 'Altered' };
  if (check?.overdue === true) return { tone: 'bad', word: 'Check overdue' };
  if (check !== null) return { tone: 'good', word: 'Checked' };
  return note === null ? { tone: 'plain', word: 'Not signed' } : { tone: 'good', word: 'Signed' };
}

function sentence({ sealed, size, at, anchors, check }: Checkpoint): string {
  const [kept] = anchors;
  const parts = [
    `${sealed} ${sealed === 1 ? 'entry' : 'entries'} sealed`,
    at === null ? '' : `${size} under a checkpoint signed ${readableMoment(at)}`,
    kept === undefined ? '' : `kept outside ${readableMoment(kept.at)}`,
    check === null ? '' : `checked ${readableMoment(check.at)}`,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

const places = { folder: 'a folder', bucket: 'a locked bucket', witness: 'a witness' } as const;

function Explanation({ note, anchors, check }: Checkpoint) {
  return (
    <div className={styles.explanation}>
      {check?.outcome !== 'tampered' || check.finding === null ? null : (
        <p>
          <strong>Found:</strong> {check.finding}
        </p>
      )}
      <p>
        {note === null
          ? 'No checkpoint is signed yet, so nothing outside the database vouches for the log.'
          : 'Signed: the key is not in the database. Whoever changes an entry that was signed contradicts the signature.'}
      </p>
      <p>
        {anchors.length === 0
          ? 'No copy of a checkpoint is kept outside the database: a log that was cut short, or replaced whole, would not show.'
          : `Kept outside: ${anchors.map(({ kind, at }) => `${places[kind]}, ${readableMoment(at)}`).join('; ')}. Those copies show a log that was cut short or replaced whole.`}
      </p>
      <p>{checked(check)}</p>
      <p>
        None of this proves anything against whoever runs this server. For that, download an entry’s proof or
        have the log exported, and check it on another machine with a key you were given otherwise.
      </p>
    </div>
  );
}

function checked(check: Checkpoint['check']): string {
  if (check === null) return 'This server does not check the log.';
  const whole =
    check.wholeAt === null
      ? 'It has not been found sound from its first entry on yet.'
      : `From its first entry on it was last found sound ${readableMoment(check.wholeAt)}.`;
  const sound = check.soundAt === null ? 'never' : readableMoment(check.soundAt);
  const late = check.overdue ? ' The next check is overdue: ask whoever runs the server why.' : '';
  return `Checked by this server ${readableMoment(check.at)}, last found sound ${sound}. ${whole}${late}`;
}
