import { Button, Group, NativeSelect, TextInput } from '@mantine/core';
import type { Connection } from './types.ts';

export type MappingRow = Connection['roleMapping'][number];

type RoleMappingFieldsProps = { mapping: MappingRow[]; onChange: (mapping: MappingRow[]) => void };

/** Which roles each group gives. Nobody becomes an owner by a group. */
export function RoleMappingFields({ mapping, onChange }: RoleMappingFieldsProps) {
  const replace = (at: number, row: MappingRow): void =>
    onChange(mapping.map((other, index) => (index === at ? row : other)));
  return (
    <fieldset>
      <legend>Groups and their roles</legend>
      {mapping.map((row, index) => (
        <Group key={index} gap="xs" mb="xs" align="end">
          <TextInput
            label="Group"
            maxLength={200}
            value={row.value}
            onChange={(event) => replace(index, { ...row, value: event.currentTarget.value })}
          />
          <NativeSelect
            label="Role"
            data={['member', 'admin']}
            value={row.role}
            onChange={(event) => replace(index, withRole(row, event.currentTarget.value))}
          />
          <TextInput
            label="Module roles"
            placeholder="books:clerk"
            value={row.moduleRoles.join(' ')}
            onChange={(event) => replace(index, { ...row, moduleRoles: words(event.currentTarget.value) })}
          />
          <Button
            variant="default"
            aria-label={`Remove group ${row.value || index + 1}`}
            onClick={() => onChange(mapping.filter((_, other) => other !== index))}
          >
            Remove
          </Button>
        </Group>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        mb="sm"
        onClick={() =>
          onChange([...mapping, { value: '', role: 'member', moduleRoles: [], companyIds: null }])
        }
      >
        Add a group
      </Button>
    </fieldset>
  );
}

/** An admin acts in every company. */
function withRole(row: MappingRow, role: string): MappingRow {
  return role === 'admin' ? { ...row, role, companyIds: null } : { ...row, role: 'member' };
}

function words(text: string): string[] {
  return text.split(' ').filter((word, index, all) => word !== '' || index === all.length - 1);
}
