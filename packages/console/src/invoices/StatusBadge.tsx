import { Badge } from '@mantine/core';
import type { InvoiceStatus } from '../shell/search.ts';

const colours: Record<InvoiceStatus, string> = { draft: 'gray', submitted: 'teal', cancelled: 'red' };

export function StatusBadge({ status }: { status: InvoiceStatus }) {
  return (
    <Badge variant="light" color={colours[status]} radius="sm" tt="none" fw={600}>
      {status}
    </Badge>
  );
}
