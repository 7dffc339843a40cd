/** An address's query before it is read; anybody can write anything there. */
export type AnySearch = Record<string, unknown>;

/** Where to go after sign-in. */
export function returnSearch({ return: path }: AnySearch): { return?: string } {
  return typeof path === 'string' ? { return: path } : {};
}

/** Which application's sign-in a person is in. */
export function interactionSearch(given: AnySearch): { interaction?: string } {
  return texts(given, ['interaction']);
}

export const invoiceStatuses = ['draft', 'submitted', 'cancelled'] as const;
export type InvoiceStatus = (typeof invoiceStatuses)[number];

export type InvoiceSearch = { status?: InvoiceStatus; search?: string; customer?: string };

export function invoiceSearch(given: AnySearch): InvoiceSearch {
  const status = invoiceStatuses.find((known) => known === given.status);
  return { ...(status === undefined ? {} : { status }), ...textSearch(given), ...texts(given, ['customer']) };
}

export function textSearch(given: AnySearch): { search?: string } {
  return texts(given, ['search']);
}

export const reportKinds = ['trial-balance', 'profit-and-loss'] as const;
export type ReportSearch = { report?: (typeof reportKinds)[number]; from?: string; to?: string };

export function reportSearch(given: AnySearch): ReportSearch {
  const report = reportKinds.find((known) => known === given.report);
  return { ...(report === undefined ? {} : { report }), ...texts(given, ['from', 'to']) };
}

export type AuditSearch = {
  action?: string;
  type?: string;
  actor?: string;
  target?: string;
  from?: string;
  to?: string;
  /** The request that caused it. */
  request?: string;
  text?: string;
};

export function auditSearch(given: AnySearch): AuditSearch {
  return texts(given, ['action', 'type', 'actor', 'target', 'from', 'to', 'request', 'text']);
}

/** The named entries that are text of a sane length; the router reads `?search=5` as a number. */
function texts<Name extends string>(given: AnySearch, names: readonly Name[]): { [Key in Name]?: string } {
  const read: { [Key in Name]?: string } = {};
  for (const name of names) {
    const value = given[name];
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && text !== '' && text.length <= 200) read[name] = text;
  }
  return read;
}

/** A changed search, where an empty text leaves the entry out. */
export function changed<Search extends Record<string, string | undefined>>(
  search: Search,
  change: Partial<Search>,
): Search {
  const merged = Object.entries({ ...search, ...change }).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  return Object.fromEntries(merged) as Search;
}
