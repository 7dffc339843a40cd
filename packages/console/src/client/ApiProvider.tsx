import { QueryClientProvider } from '@tanstack/react-query';
import { createContext, use, useMemo, useState, type ReactNode } from 'react';
import { createApi, type Api } from './api.ts';
import { keepScope, readScope, type Scope, type ScopeStores } from './scope.ts';

type ApiContextValue = {
  /** Bound to no tenant; the session is read through this. */
  account: Api;
  /** Bound to the chosen tenant, all its companies. */
  tenant: Api;
  /** Bound to the chosen tenant and company. */
  api: Api;
  scope: Scope;
  choose: (scope: Scope) => void;
  /** A client for one company of the chosen tenant, with its own cache. */
  companyApi: (company: string) => Api;
};

const ApiContext = createContext<ApiContextValue | null>(null);

type ApiProviderProps = { origin: string; stores: ScopeStores; children: ReactNode };

/** Gives the pages below it their clients. A new scope brings new clients with empty caches. */
export function ApiProvider({ origin, stores, children }: ApiProviderProps) {
  const [scope, setScope] = useState(() => readScope(stores));
  const account = useMemo(() => createApi({ scope: {}, origin, onSignedOut: () => undefined }), [origin]);
  const clients = useMemo(() => scopedClients(scope, account, origin), [scope, account, origin]);
  const value = useMemo(() => {
    function choose(next: Scope): void {
      keepScope(next, stores);
      setScope(next);
    }
    return { ...clients, account, scope, choose };
  }, [clients, account, scope, stores]);
  return (
    <ApiContext value={value}>
      <QueryClientProvider client={clients.api.cache}>{children}</QueryClientProvider>
    </ApiContext>
  );
}

function scopedClients(
  scope: Scope,
  account: Api,
  origin: string,
): Pick<ApiContextValue, 'tenant' | 'api' | 'companyApi'> {
  function onSignedOut(): void {
    void account.cache.invalidateQueries();
  }
  const tenantScope: Scope = scope.tenant === undefined ? {} : { tenant: scope.tenant };
  const companies = new Map<string, Api>();
  function companyApi(company: string): Api {
    const known = companies.get(company);
    if (known !== undefined) return known;
    const made = createApi({ scope: { ...tenantScope, company }, origin, onSignedOut });
    companies.set(company, made);
    return made;
  }
  const tenant = createApi({ scope: tenantScope, origin, onSignedOut });
  return { tenant, api: scope.company === undefined ? tenant : companyApi(scope.company), companyApi };
}

/** @throws {Error} outside an ApiProvider */
export function useApiContext(): ApiContextValue {
  const value = use(ApiContext);
  if (value === null) throw new Error('useApiContext needs an ApiProvider above it.');
  return value;
}

/** The client of the chosen tenant and company. */
export function useApi(): Api {
  return useApiContext().api;
}
