import { Tag, type Tone } from '../elements/Tag.tsx';
import type { InvoiceStatus } from '../shell/search.ts';

const tones: Record<InvoiceStatus, Tone> = { draft: 'plain', submitted: 'good', cancelled: 'bad' };

export function StatusBadge({ status }: { status: InvoiceStatus }) {
  return <Tag tone={tones[status]}>{status}</Tag>;
}
