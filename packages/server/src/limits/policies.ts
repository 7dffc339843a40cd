import type { Limit } from '@bulkhead/platform/edge';
import type { Config } from '../config/schema.ts';
import type { RateClass } from '../contract/index.ts';

/** The limits of one class: of the caller, and of what it acts on. Undefined: no such limit. */
export type ClassLimits = {
  /** Per address, before anything is looked up. */
  ip?: Limit | undefined;
  /** Per typed email address, per account or per API key. */
  account?: Limit | undefined;
  /** What the configuration holds every tenant to; `tier`: what its tier does. */
  tenant?: Limit | 'tier' | undefined;
};

export type LimitPolicies = {
  classes: Readonly<Record<RateClass, ClassLimits>>;
  /** The identity provider's endpoints, per address. */
  token: Limit | undefined;
  /** Credentials that were refused, per address. */
  refused: Limit | undefined;
  /** Events that others send, per source. */
  webhooks: Limit | undefined;
  /** Reports of what the content security policy stopped, per address. */
  reports: Limit | undefined;
};

const minute = 60;
const hour = 3600;

/** The limits that a configuration asks for. */
export function limitPolicies(config: Config['limits']): LimitPolicies {
  return {
    classes: {
      'sign-in': {
        ip: limit('sign-in', config.signInPerIp, minute),
        account: limit('sign-in-account', config.signInPerAccount, minute),
      },
      forgot: {
        ip: limit('forgot', config.forgotPerIp, hour),
        account: limit('forgot-account', config.forgotPerAccount, hour),
      },
      read: {
        account: limit('read', config.read, minute),
        tenant: tenantLimit('read-tenant', config.readPerTenant),
      },
      write: {
        account: limit('write', config.write, minute),
        tenant: tenantLimit('write-tenant', config.writePerTenant),
      },
      heavy: {
        account: limit('heavy', config.heavy, minute),
        tenant: tenantLimit('heavy-tenant', config.heavyPerTenant),
      },
    },
    token: limit('token', config.tokenPerIp, minute),
    reports: limit('reports', config.reportsPerIp, minute),
    webhooks: limit('webhooks', config.webhooksPerSource, minute),
    refused: limit('refused', config.refusedPerIp, minute),
  };
}

function tenantLimit(name: string, cap: number | undefined): Limit | 'tier' | undefined {
  return cap === undefined ? 'tier' : limit(name, cap, minute);
}

function limit(name: string, cap: number, seconds: number): Limit | undefined {
  return cap === 0 ? undefined : { name, cap, seconds };
}
