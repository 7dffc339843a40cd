import { QueryClientProvider } from '@tanstack/react-query';
import { createContext, use, useMemo, useState, type ReactNode } from 'react';
import { StepUpDesk } from '../security/stepUp.ts';
import { createApi, type Api } from './api.ts';
import { keepScope, readScope, type Scope, type ScopeStores } from './scope.ts';

type ApiContextValue = {
  /** Bound to no tenant; the session is read through this. */
  account: Api;
  /** Bound to the chosen tenant, all its companies. */
  tenant: Api;
  /** Bound to the chosen tenant and company. */
  api: Api;
  /** Where calls that want a fresh proof wait for it. */
  stepUp: StepUpDesk;
  scope: Scope;
  choose: (scope: Scope) => void;
  /** A client for one company of the chosen tenant, with its own cache. */
  companyApi: (company: string) => Api;
  /** Reads anew, in every scope of the tenant, what is shown; for after a change. */
  refresh: () => Promise<void>;
  /** Forgets all that was read, because somebody else may be signed in now. */
  forget: () => void;
};

const ApiContext = createContext<ApiContextValue | null>(null);

type ApiProviderProps = { origin: string; stores: ScopeStores; children: ReactNode };

/**
 * Gives the pages below it their clients. A change of scope mounts them anew: a query's observer stays with the
 * cache it was born with, and must not show one company's books under another's name.
 */
export function ApiProvider({ origin, stores, children }: ApiProviderProps) {
  const [scope, setScope] = useState(() => readScope(stores));
  const [generation, setGeneration] = useState(0);
  const [stepUp] = useState(() => new StepUpDesk());
  const account = useMemo(
    () => createApi({ scope: {}, origin, stepUp, onSignedOut: () => undefined }),
    [origin, stepUp],
  );
  const clients = useMemo(
    () => ({ ...tenantClients(scope.tenant, account, { origin, stepUp }), generation }),
    [scope.tenant, account, origin, stepUp, generation],
  );
  const api = scope.company === undefined ? clients.tenant : clients.companyApi(scope.company);
  const value = useMemo(() => {
    function choose(next: Scope): void {
      keepScope(next, stores);
      setScope(next);
    }
    function forget(): void {
      account.cache.clear();
      setGeneration((current) => current + 1);
    }
    return { ...clients, api, account, stepUp, scope, choose, forget };
  }, [clients, api, account, stepUp, scope, stores]);
  return (
    <ApiContext value={value}>
      <QueryClientProvider
        client={api.cache}
        key={`${generation}/${scope.tenant ?? ''}/${scope.company ?? ''}`}
      >
        {children}
      </QueryClientProvider>
    </ApiContext>
  );
}

/** The clients of one tenant: of all its companies together, and of each, made when it is first asked for. */
function tenantClients(
  tenant: string | undefined,
  account: Api,
  { origin, stepUp }: { origin: string; stepUp: StepUpDesk },
): Pick<ApiContextValue, 'tenant' | 'companyApi' | 'refresh'> {
  function onSignedOut(): void {
    void account.cache.invalidateQueries();
  }
  const scope: Scope = tenant === undefined ? {} : { tenant };
  const companies = new Map<string, Api>();
  function companyApi(company: string): Api {
    const known = companies.get(company);
    if (known !== undefined) return known;
    const made = createApi({ scope: { ...scope, company }, origin, stepUp, onSignedOut });
    companies.set(company, made);
    return made;
  }
  const all = createApi({ scope, origin, stepUp, onSignedOut });
  async function refresh(): Promise<void> {
    await Promise.all([all, ...companies.values()].map(({ cache }) => cache.invalidateQueries()));
  }
  return { tenant: all, companyApi, refresh };
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
