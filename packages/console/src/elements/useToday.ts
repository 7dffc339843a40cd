import { useState } from 'react';
import { dayOf } from './dates.ts';

/** The reader's calendar date when the component first appeared. */
export function useToday(): string {
  const [today] = useState(() => dayOf(new Date()));
  return today;
}
