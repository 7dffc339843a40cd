import { readableMoment } from '../elements/dates.ts';
import { Tag } from '../elements/Tag.tsx';
import { useToday } from '../elements/useToday.ts';

const soon = 14;
const day = 24 * 60 * 60 * 1000;

/** When a key ends; marked when that has come, or is near enough to make a new one. */
export function ExpiryTag({ at }: { at: string }) {
  const today = useToday();
  const days = Math.floor((Date.parse(at) - Date.parse(today)) / day);
  if (Date.parse(at) <= Date.parse(today)) return <Tag tone="plain">Expired</Tag>;
  if (days <= soon) return <Tag tone="bad">{days === 1 ? 'One day left' : `${days} days left`}</Tag>;
  return readableMoment(at);
}
