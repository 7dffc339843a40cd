/** What the console is looking at: a tenant of the session, and one of its companies or (absent) all of them. */
export type Scope = { readonly tenant?: string; readonly company?: string };

/** The headers by which a request names its scope. The server checks both against the session's memberships. */
export function scopeHeaders({ tenant, company }: Scope): Record<string, string> {
  return {
    ...(tenant === undefined ? {} : { 'bulkhead-tenant': tenant }),
    ...(company === undefined ? {} : { 'bulkhead-company': company }),
  };
}

const storageKey = 'bulkhead-scope';

/** Where the choice is kept: this tab first, so that two tabs may look at two tenants, then the last choice made anywhere. */
export type ScopeStores = { tab: Storage; browser: Storage };

export function readScope({ tab, browser }: ScopeStores): Scope {
  try {
    return parseScope(tab.getItem(storageKey) ?? browser.getItem(storageKey));
  } catch {
    return {}; // Storage refused: the choice lasts for the page's life only.
  }
}

export function keepScope(scope: Scope, { tab, browser }: ScopeStores): void {
  try {
    const text = JSON.stringify(scope);
    tab.setItem(storageKey, text);
    browser.setItem(storageKey, text);
  } catch {
    // Storage refused or full: nothing depends on it.
  }
}

function parseScope(text: string | null): Scope {
  if (text === null) return {};
  const value: unknown = JSON.parse(text);
  if (value === null || typeof value !== 'object') return {};
  const tenant = 'tenant' in value && typeof value.tenant === 'string' ? value.tenant : undefined;
  const company = 'company' in value && typeof value.company === 'string' ? value.company : undefined;
  if (tenant === undefined) return {};
  return company === undefined ? { tenant } : { tenant, company };
}
