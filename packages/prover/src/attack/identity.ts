import type { Column } from '../catalog/types.ts';
import type { IdentityCarrier, TenantModel } from '../model/types.ts';
import { quote, identifier } from './sql.ts';

/** A session's identity: the role it acts as and the settings that say for whom. */
export type Identity = {
  /** the role of the session itself; taken only by a superuser, so that RESET ROLE leads nowhere better */
  login: string | null;
  /** the role taken with SET LOCAL ROLE; null when the connection's own role is the application's */
  role: string | null;
  settings: readonly (readonly [name: string, value: string])[];
};

/** What names a tenant, in each type that a column or a claim may have. */
export type TenantValues = { uuid: string; integer: string; text: string };

/** The two tenants of an attack: `ours` attacks, `theirs` is attacked. */
export type Side = 'ours' | 'theirs';

export type World = { side: Side; values: TenantValues; identity: Identity };

export const integerTypes = /^(smallint|integer|bigint|numeric)/;

/** Literal of the tenant's value in a column of this type. */
export function tenantLiteral(values: TenantValues, column: Pick<Column, 'baseType' | 'type'>): string {
  if (integerTypes.test(column.baseType)) return values.integer;
  return quote(column.baseType === 'uuid' ? values.uuid : values.text);
}

export type IdentitySource = {
  model: TenantModel;
  values: TenantValues;
  /** the role attacks run as, for the claim that names it */
  role: string;
  login: string | null;
  takesRole: boolean;
  /** the sealed context of the tenant; undefined when none can be minted */
  sealed: string | undefined;
};

/** Identity of one tenant by every carrier of the model. */
export function identityOf({ model, values, role, login, takesRole, sealed }: IdentitySource): Identity {
  const settings: [string, string][] = [];
  const claims = new Map<string, object>();
  for (const carrier of model.carriers) {
    if (carrier.kind === 'setting') settings.push([carrier.name, castValue(values, carrier.cast)]);
    if (carrier.kind === 'sealed' && sealed !== undefined) settings.push([carrier.setting, sealed]);
    if (carrier.kind === 'claim')
      claims.set(carrier.setting, withClaim(claims.get(carrier.setting) ?? {}, carrier, values));
  }
  for (const [setting, claim] of claims) {
    const whole = setting === 'request.jwt.claims' ? { sub: values.uuid, role, ...claim } : claim;
    settings.push([setting, JSON.stringify(whole)]);
    // PostgREST before version 9 set one setting for each claim, and helper functions still read them first.
    if (setting === 'request.jwt.claims' && model.preset === 'supabase')
      settings.push(['request.jwt.claim.sub', values.uuid], ['request.jwt.claim.role', role]);
  }
  return { login, role: takesRole ? role : null, settings };
}

type Claim = Extract<IdentityCarrier, { kind: 'claim' }>;

function withClaim(claims: object, { path, cast }: Claim, values: TenantValues): object {
  const [head, ...rest] = path;
  if (head === undefined) return claims;
  const inner = (claims as Record<string, unknown>)[head];
  const value: unknown =
    rest.length === 0
      ? castValue(values, cast)
      : withClaim(
          typeof inner === 'object' && inner !== null ? inner : {},
          { ...emptyClaim, path: rest, cast },
          values,
        );
  return { ...claims, [head]: value };
}

const emptyClaim = { kind: 'claim', setting: '' } as const;

function castValue(values: TenantValues, cast: string): string {
  if (integerTypes.test(cast) || /^int\d?$/.test(cast)) return values.integer;
  return cast === 'uuid' ? values.uuid : values.text;
}

/** SQL that takes an identity, until the transaction ends or is rolled back to an earlier savepoint. */
export function becomeSql({ login, role, settings }: Identity): string {
  const steps = [
    ...(login === null ? [] : [`set local session authorization ${identifier(login)}`]),
    ...(role === null || role === login ? [] : [`set local role ${identifier(role)}`]),
    ...settings.map(([name, value]) => `select set_config(${quote(name)}, ${quote(value)}, true)`),
  ];
  return steps.length === 0 ? 'select 1' : steps.join('; ');
}

/** The identity without any setting: each is empty, as Postgres leaves it when a local one ends. */
export function withoutContext(identity: Identity): Identity {
  return { ...identity, settings: identity.settings.map(([name]) => [name, ''] as const) };
}
