import { Button, Group } from '@mantine/core';
import { DataTable, type Column } from '../elements/DataTable.tsx';
import { readableMoment } from '../elements/dates.ts';
import type { Factor } from './types.ts';

type FactorTableProps = {
  factors: readonly Factor[];
  onRename: (factor: Factor) => void;
  onRemove: (factor: Factor) => void;
};

export function FactorTable({ factors, onRename, onRemove }: FactorTableProps) {
  const action: Column<Factor> = {
    key: 'action',
    header: 'Action',
    align: 'end',
    cell: (factor) => (
      <Group gap="xs" justify="flex-end" wrap="nowrap">
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Rename ${factor.label}`}
          onClick={() => onRename(factor)}
        >
          Rename
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={`Remove ${factor.label}`}
          onClick={() => onRemove(factor)}
        >
          Remove
        </Button>
      </Group>
    ),
  };
  return (
    <DataTable
      caption="Your second factors"
      columns={[...columns, action]}
      rows={factors}
      rowKey={({ id }) => id}
    />
  );
}

const columns: Column<Factor>[] = [
  { key: 'label', header: 'Name', cell: ({ label }) => label },
  { key: 'kind', header: 'Kind', cell: kindOf },
  {
    key: 'created',
    header: 'Added',
    tight: true,
    hideBelow: 'md',
    cell: ({ createdAt }) => readableMoment(createdAt),
  },
  {
    key: 'used',
    header: 'Last used',
    tight: true,
    hideBelow: 'sm',
    cell: ({ lastUsedAt }) => (lastUsedAt === null ? 'Not yet' : readableMoment(lastUsedAt)),
  },
];

function kindOf({ kind, backedUp }: Factor): string {
  if (kind === 'totp') return 'Authenticator app';
  return backedUp === true ? 'Passkey, synchronised' : 'Passkey, on one device';
}
