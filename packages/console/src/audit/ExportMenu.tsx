import { Button, Menu } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useApi } from '../client/ApiProvider.tsx';
import { saveFile } from '../client/file.ts';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { useSession } from '../session/SessionGate.tsx';
import type { AuditSearch } from '../shell/search.ts';
import { auditInput } from './auditInput.ts';

const formats = [
  { format: 'csv', label: 'CSV, for a spreadsheet' },
  { format: 'jsonl', label: 'JSON Lines, with the hashed bytes' },
] as const;

/** Downloads what the filters find. */
export function ExportMenu({ search }: { search: AuditSearch }) {
  const { fetchFile } = useApi();
  const { may } = useSession();
  const download = useMutation({
    mutationFn: async (format: 'csv' | 'jsonl') =>
      saveFile(await fetchFile('/audit/export', { ...auditInput(search), format }), `audit.${format}`),
  });
  if (!may('audit:entry.export')) return null;
  return (
    <>
      {download.error === null ? null : <ProblemNotice error={download.error} />}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            variant="default"
            loading={download.isPending}
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {formats.map(({ format, label }) => (
            <Menu.Item key={format} onClick={() => download.mutate(format)}>
              {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
