import { PlatformError } from '../../errors.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { loadConnection } from '../singleSignOn/connection.ts';
import { samlConfig, type SamlConfig } from './config.ts';
import { SamlFailure } from './failure.ts';
import type { ProviderRow } from './provider.ts';

/** A connection as a sign-in needs it, before anybody is known. */
export type SamlConnection = {
  id: string;
  entityId: string;
  signOn: { url: string; binding: 'redirect' | 'post' };
  /** PEM. */
  certificates: readonly string[];
  config: SamlConfig;
  groupsAttribute: string | null;
};

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A connection that is on and knows its provider.
 *
 * @param id from the address, unverified
 * @throws SamlFailure connection_unusable: whether it is unknown, off, of another protocol or not finished
 */
export async function readSamlConnection(
  identity: IdentityDependencies,
  id: string,
): Promise<SamlConnection> {
  const connection = await load(identity, id);
  const { rows } = await identity.pool.query<ProviderRow>(
    'select * from identity.saml_provider where connection_id = $1',
    [id],
  );
  const row = rows[0];
  if (row === undefined || connection.protocol !== 'saml') throw new SamlFailure('connection_unusable');
  return {
    id,
    entityId: row.entity_id,
    signOn: { url: row.sign_on_url, binding: row.sign_on_binding },
    certificates: row.certificates,
    config: samlConfig.parse(connection.config),
    groupsAttribute: connection.roleClaim,
  };
}

async function load(identity: IdentityDependencies, id: string) {
  if (!uuid.test(id)) throw new SamlFailure('connection_unusable');
  try {
    return await loadConnection(identity, id);
  } catch (cause) {
    if (cause instanceof PlatformError) throw new SamlFailure('connection_unusable', undefined, { cause });
    throw cause;
  }
}
