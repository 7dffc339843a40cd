import { Checkbox, Group, Input, ScrollArea, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';

type PermissionChecklistProps = {
  /** What the reader may give: what the reader holds. */
  offered: readonly string[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
};

/** Permissions by module, narrowed by a search; what is chosen stays chosen when the search hides it. */
export function PermissionChecklist({ offered, chosen, onChange }: PermissionChecklistProps) {
  const [search, setSearch] = useState('');
  const shown = offered.filter((permission) => permission.includes(search.trim().toLowerCase()));
  const modules = [...Map.groupBy(shown, (permission) => permission.split(':')[0] ?? '')];
  return (
    <Input.Wrapper label={`May (${chosen.length} chosen)`} labelElement="div">
      <TextInput
        aria-label="Search permissions"
        placeholder="Search, for example invoice"
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
      />
      <ScrollArea.Autosize mah={260} mt="sm" type="auto" viewportProps={{ tabIndex: 0 }}>
        <Checkbox.Group value={[...chosen]} onChange={onChange} aria-label="Permissions">
          <Stack gap="md">
            {modules.map(([module, permissions]) => (
              <Stack key={module} gap="xs">
                <Group gap="xs">
                  <strong>{module}</strong>
                </Group>
                {permissions.map((permission) => (
                  <Checkbox
                    key={permission}
                    value={permission}
                    label={<code>{permission.slice(module.length + 1)}</code>}
                  />
                ))}
              </Stack>
            ))}
          </Stack>
        </Checkbox.Group>
      </ScrollArea.Autosize>
    </Input.Wrapper>
  );
}
