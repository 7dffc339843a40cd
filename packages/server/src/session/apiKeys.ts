import { openApiKey, permissionsOf } from '@bulkhead/platform/access';
import type { ModuleAccess, OpenApiKey } from '@bulkhead/platform/access';
import { PlatformError } from '@bulkhead/platform/errors';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import { hash } from 'node:crypto';
import type { RequestActor } from '../module.ts';
import type { Sender } from './authenticate.ts';

/** A program that presented a live API key: where it acts and what it may do. */
export type Program = {
  actor: RequestActor;
  tenant: string;
  permissions: ReadonlySet<string>;
  /** Companies it is limited to; null: every company. */
  companyIds: readonly string[] | null;
};

/**
 * The program behind a presented API key.
 *
 * @throws PlatformError api_key_refused: unknown, revoked, expired, or its maker is gone
 */
export type ReadProgram = (token: string, request: Sender) => Promise<Program>;

const lifetime = 5000;
const capacity = 10_000;

/**
 * Reads API keys, each at most once in five seconds: so long may a revocation on another server, or a change of its
 * maker's roles, go unnoticed here. A key that is refused is not kept.
 */
export function createProgramReader(
  identity: IdentityDependencies,
  access: readonly ModuleAccess[],
): ReadProgram {
  const entries = new Map<string, { staleAt: number; program: Promise<Program> }>();
  const read = async (token: string, ip: string): Promise<Program> => {
    const key = await openApiKey(identity, token, { ip });
    if (key === null) throw new PlatformError('api_key_refused');
    return describe(key, access);
  };
  return (token, { ip }) => {
    const name = hash('sha256', token, 'base64url');
    const known = entries.get(name);
    if (known !== undefined && known.staleAt > identity.clock()) return known.program;
    const entry = { staleAt: identity.clock() + lifetime, program: read(token, ip) };
    entries.delete(name);
    entries.set(name, entry);
    entry.program.catch(() => {
      if (entries.get(name) === entry) entries.delete(name);
    });
    const [oldest] = entries.keys();
    if (entries.size > capacity && oldest !== undefined) entries.delete(oldest);
    return entry.program;
  };
}

function describe(key: OpenApiKey, access: readonly ModuleAccess[]): Program {
  const { id, kind, name, maker, tenantId } = key;
  const bound =
    maker === null ? new Set(access.flatMap(({ permissions }) => permissions)) : permissionsOf(maker, access);
  return {
    actor: { kind, id, name },
    tenant: tenantId,
    permissions: new Set([...bound].filter((permission) => key.permissions.has(permission))),
    companyIds: bothLimits(key.companyIds, maker?.companyIds ?? null),
  };
}

function bothLimits(one: readonly string[] | null, other: readonly string[] | null) {
  if (one === null || other === null) return one ?? other;
  return one.filter((id) => other.includes(id));
}
