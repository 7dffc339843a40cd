const dayFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const monthFormat = new Intl.DateTimeFormat('en-GB', { month: 'short', timeZone: 'UTC' });
const momentFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** A calendar date `YYYY-MM-DD` for reading, `14 Mar 2026`. It has no time zone and is never shifted by one. */
export function readableDay(date: string): string {
  const moment = new Date(`${date.slice(0, 10)}T00:00:00Z`);
  return Number.isNaN(moment.getTime()) ? date : dayFormat.format(moment);
}

/** The short month of `YYYY-MM` or `YYYY-MM-DD`. */
export function readableMonth(date: string): string {
  const moment = new Date(`${date.slice(0, 7)}-01T00:00:00Z`);
  return Number.isNaN(moment.getTime()) ? date : monthFormat.format(moment);
}

/** An instant in the reader's time zone, `14 Mar 2026, 09:41:07`. */
export function readableMoment(instant: string | Date): string {
  const moment = typeof instant === 'string' ? new Date(instant) : instant;
  return Number.isNaN(moment.getTime()) ? String(instant) : momentFormat.format(moment);
}

/** The reader's calendar date as `YYYY-MM-DD`. */
export function dayOf(moment: Date): string {
  const month = String(moment.getMonth() + 1).padStart(2, '0');
  return `${moment.getFullYear()}-${month}-${String(moment.getDate()).padStart(2, '0')}`;
}

/** `days` after (or, negative, before) a calendar date. */
export function daysAfter(date: string, days: number): string {
  const moment = new Date(`${date}T00:00:00Z`);
  moment.setUTCDate(moment.getUTCDate() + days);
  return moment.toISOString().slice(0, 10);
}
