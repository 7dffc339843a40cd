import { Button } from '@mantine/core';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import { Tag } from '../elements/Tag.tsx';
import type { DeviceSession } from './types.ts';

type SessionTableProps = {
  sessions: readonly DeviceSession[];
  onEnd: (session: DeviceSession) => void;
};

export function SessionTable({ sessions, onEnd }: SessionTableProps) {
  const action: Column<DeviceSession> = {
    key: 'action',
    header: 'Action',
    align: 'end',
    cell: (session) =>
      session.current ? (
        <Tag tone="good">This one</Tag>
      ) : (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`End the session on ${session.device} from ${readableMoment(session.createdAt)}`}
          onClick={() => onEnd(session)}
        >
          End
        </Button>
      ),
  };
  return (
    <DataTable
      caption="Where you are signed in"
      columns={[...columns, action]}
      rows={sessions}
      rowKey={({ id }) => id}
    />
  );
}

const columns: Column<DeviceSession>[] = [
  {
    key: 'device',
    header: 'Device',
    // What the browser said of itself, in full, for whoever wants to know.
    cell: ({ device, userAgent, program }) => (
      <span title={userAgent ?? ''}>{program ? `${device} (program)` : device}</span>
    ),
  },
  { key: 'place', header: 'Address', tight: true, cell: ({ ip }) => ip ?? 'Unknown' },
  {
    key: 'methods',
    header: 'Proved by',
    hideBelow: 'md',
    cell: ({ methods }) => methods.map((method) => proofs[method] ?? method).join(', '),
  },
  {
    key: 'created',
    header: 'Signed in',
    tight: true,
    hideBelow: 'md',
    cell: ({ createdAt }) => readableMoment(createdAt),
  },
  {
    key: 'seen',
    header: 'Last seen',
    tight: true,
    hideBelow: 'sm',
    cell: ({ lastSeenAt }) => readableMoment(lastSeenAt),
  },
];

/** RFC 8176 authentication methods in words. */
const proofs: Readonly<Record<string, string>> = {
  pwd: 'password',
  otp: 'one-time code',
  hwk: 'passkey',
  swk: 'passkey',
  user: 'fingerprint, face or PIN',
  mfa: 'two factors',
  kba: 'recovery code',
};
