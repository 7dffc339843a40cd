/** What a search of audit entries may ask for. */
export type EntryFilter = {
  /** Inclusive. */
  from?: Date | undefined;
  /** Exclusive. */
  to?: Date | undefined;
  actorId?: string | undefined;
  /** insert, update, soft_delete, restore, delete, or an event as noun.verb. */
  action?: string | undefined;
  /** `schema.table`, or an event's own noun. */
  targetType?: string | undefined;
  targetId?: string | undefined;
  companyId?: string | undefined;
  requestId?: string | undefined;
  /** Anywhere in before, after or detail, whatever its case. Erased values are not found any more. */
  text?: string | undefined;
};

/** A filter as SQL over `bulkhead.audit_entry e`. */
export type FilterSql = {
  /** What an index or the partitions answer. */
  placed: string[];
  /** What has to be looked at entry by entry. */
  matched: string[];
  values: unknown[];
};

/** Appends conditions for the filter to `values`, numbering parameters from what is there. */
export function filterSql(filter: EntryFilter, values: unknown[] = []): FilterSql {
  const bind = (value: unknown, type: string): string => `$${values.push(value)}::${type}`;
  const placed: string[] = [];
  const matched: string[] = [];
  const { from, to, actorId, action, targetType, targetId, companyId, requestId, text } = filter;
  if (from !== undefined) placed.push(`e.occurred_at >= ${bind(from.toISOString(), 'timestamptz')}`);
  if (to !== undefined) placed.push(`e.occurred_at < ${bind(to.toISOString(), 'timestamptz')}`);
  if (targetId !== undefined) placed.push(`e.target_id = ${bind(targetId, 'uuid')}`);
  if (actorId !== undefined) matched.push(`e.actor_id = ${bind(actorId, 'uuid')}`);
  if (action !== undefined) matched.push(`e.action = ${bind(action, 'text')}`);
  if (targetType !== undefined) matched.push(`e.target_type = ${bind(targetType, 'text')}`);
  if (companyId !== undefined) matched.push(`e.company_id = ${bind(companyId, 'uuid')}`);
  if (requestId !== undefined) matched.push(`e.request_id = ${bind(requestId, 'text')}`);
  if (text !== undefined) matched.push(textSql(bind(`%${text.replaceAll(/[\\%_]/g, '\\$&')}%`, 'text')));
  return { placed, matched, values };
}

function textSql(pattern: string): string {
  return `(e.before::text ilike ${pattern} or e.after::text ilike ${pattern} or e.detail::text ilike ${pattern}
    or exists (select from bulkhead.audit_personal k where k.tenant_id = e.tenant_id and k.entry_id = e.id
      and (k.before::text ilike ${pattern} or k.after::text ilike ${pattern})))`;
}

/** `where` and the conditions, or nothing. */
export const whereSql = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;

/** The filter in plain words of JSON, for an audit entry and for what a cursor is bound to. */
export function filterJson(filter: EntryFilter): Record<string, string> {
  const entries = Object.entries(filter).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries
      .map(([name, value]): [string, string] => [
        name,
        value instanceof Date ? value.toISOString() : String(value),
      ])
      .toSorted(([left], [right]) => (left < right ? -1 : 1)),
  );
}
