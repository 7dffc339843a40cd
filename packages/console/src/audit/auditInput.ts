import type { Client } from '../client/api.ts';
import { daysAfter } from '../elements/dates.ts';
import type { AuditSearch } from '../shell/search.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const date = /^\d{4}-\d{2}-\d{2}$/;

export type AuditFilter = Omit<Parameters<Client['audit']['list']>[0], 'limit' | 'cursor'>;

/** The filters as the server takes them. Days are the reader's own, the last one included; what is malformed is left out. */
export function auditInput(search: AuditSearch): AuditFilter {
  return {
    ...(search.action === undefined ? {} : { action: search.action }),
    ...(search.type === undefined ? {} : { targetType: search.type }),
    ...(search.actor !== undefined && uuid.test(search.actor) ? { actor: search.actor } : {}),
    ...(search.target !== undefined && uuid.test(search.target) ? { target: search.target } : {}),
    ...(search.request === undefined ? {} : { request: search.request }),
    ...(search.text === undefined ? {} : { text: search.text }),
    ...(search.from !== undefined && date.test(search.from) ? { from: startOf(search.from) } : {}),
    ...(search.to !== undefined && date.test(search.to) ? { to: startOf(daysAfter(search.to, 1)) } : {}),
  };
}

/** Midnight of a day in the reader's time zone, as an instant. */
function startOf(day: string): string {
  return new Date(`${day}T00:00:00`).toISOString();
}
