import { randomUUID } from 'node:crypto';
import type { Catalog } from '../catalog/types.ts';
import type { TenantModel } from '../model/types.ts';
import { identityOf, integerTypes, type TenantValues, type World } from './identity.ts';
import { AttackError, type Powers } from './roles.ts';
import { columnOf } from './sql.ts';
import type { Side } from './types.ts';

export type TenantSource = {
  /** tenants in the data, as text; default: two that do not exist, made inside each transaction */
  tenants?: { ours: string; theirs: string } | undefined;
  /** gives the sealed context of a tenant, for databases whose carrier is one */
  seal?: ((tenant: string) => string | Promise<string>) | undefined;
  uuid?: (() => string) | undefined;
};

const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The two tenants with their identities. */
export async function chooseTenants(
  catalog: Catalog,
  model: TenantModel,
  { powers, source }: { powers: Powers; source: TenantSource },
): Promise<Record<Side, World>> {
  const uuid = source.uuid ?? randomUUID;
  const small = model.tables.some(({ relationId, column }) => {
    const relation = catalog.relations.find(({ id }) => id === relationId);
    return relation !== undefined && columnOf(relation, column)?.baseType === 'smallint';
  });
  const world = async (side: Side, at: number): Promise<World> => {
    const given = source.tenants?.[side];
    const values =
      given === undefined
        ? made(model, {
            uuid: uuid(),
            integer: String((small ? 32_000 : 2_000_000_000) + at),
            role: powers.roles[side],
          })
        : taken(given);
    const sealed = source.seal === undefined ? undefined : await source.seal(values.uuid);
    const identity = identityOf({
      model,
      values,
      role: powers.roles[side],
      login: powers.logins[side],
      takesRole: powers.takesRole,
      sealed,
    });
    return { side, values, identity };
  };
  return { ours: await world('ours', 1), theirs: await world('theirs', 2) };
}

function made(
  model: TenantModel,
  { uuid, integer, role }: { uuid: string; integer: string; role: string },
): TenantValues {
  if (model.carriers.some(({ kind }) => kind === 'role')) return { uuid, integer, text: role };
  const numeric =
    model.carriers.length > 0 &&
    model.carriers.every((carrier) => 'cast' in carrier && integerTypes.test(carrier.cast));
  return { uuid, integer, text: numeric ? integer : uuid };
}

function taken(given: string): TenantValues {
  if (given === '')
    throw new AttackError(
      'tenants_unknown',
      'a tenant is named by an empty text: name two tenants of the data',
    );
  const integer = /^-?\d+$/.test(given) ? given : '0';
  return {
    uuid: uuidPattern.test(given) ? given : '00000000-0000-4000-8000-000000000000',
    integer,
    text: given,
  };
}
