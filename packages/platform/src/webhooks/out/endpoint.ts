import type { Clock } from '../../clock.ts';
import { PlatformError, translating } from '../../errors.ts';
import {
  checkDestination,
  OutboundError,
  type OutboundOptions,
  type PrivateTarget,
} from '../../outbound/index.ts';
import { randomUuid, type RandomBytes } from '../../random.ts';
import type { TenantSession } from '../../tenantSession.ts';
import type { FieldCipher } from '../../vault/index.ts';
import { readEventTypes, type EventKind } from './catalogue.ts';
import { newSecret, sealSecret, writeSecret } from './signature.ts';

/** A server of the tenant's that is told of events, and how it fares. */
export type Endpoint = {
  id: string;
  url: string;
  description: string;
  /** null: every event. */
  eventTypes: string[] | null;
  createdAt: Date;
  /** null: it is on. */
  disabledAt: Date | null;
  /** Who switched it off: a person, its own failing for days, or its answer 410. */
  disabledReason: 'person' | 'failing' | 'gone' | null;
  lastSuccessAt: Date | null;
  /** First failure since it last took a message. */
  failingSince: Date | null;
  /** Its last answer took more than two seconds. */
  slow: boolean;
  /** Deliveries that wait, and those that were given up or held. */
  pending: number;
  dead: number;
  secretCreatedAt: Date;
  /** During a rotation: until when the secret before signs, too. */
  previousSecretEndsAt: Date | null;
};

/** What changing endpoints works with. */
export type EndpointDependencies = {
  session: TenantSession;
  /** The session's tenant. */
  tenantId: string;
  cipher: FieldCipher;
  clock: Clock;
  randomBytes: RandomBytes;
  catalogue: readonly EventKind[];
  /** How the address is judged, beside what operators opened. */
  outbound?: OutboundOptions;
};

const refusals = {
  membership_authority: 'permission_refused',
  endpoint_missing: 'endpoint_missing',
  endpoint_limit: 'endpoint_limit',
  endpoint_disabled: 'endpoint_disabled',
  tier_webhook_endpoints: 'quota_reached',
  endpoint_url_form: 'endpoint_address_refused',
  endpoint_description_length: 'input_invalid',
  endpoint_event_types_given: 'input_invalid',
  endpoint_secret_overlap: 'input_invalid',
} as const;

/** Runs a statement about endpoints with the database's refusals translated. */
export function withRefusals<Result>(work: () => Promise<Result>): Promise<Result> {
  return translating(refusals, work);
}

const columns = `id, url, description, event_types as "eventTypes", created_at as "createdAt", disabled_at as "disabledAt",
  disabled_reason as "disabledReason", last_success_at as "lastSuccessAt", failing_since as "failingSince", slow,
  pending::int, dead::int, secret_created_at as "secretCreatedAt", previous_secret_ends_at as "previousSecretEndsAt"`;

/** The endpoints of the session's tenant, the oldest first. */
export async function listEndpoints(session: TenantSession): Promise<Endpoint[]> {
  const { rows } = await session.query<Endpoint>(`select ${columns} from webhooks.endpoints()`);
  return rows;
}

/** @throws PlatformError endpoint_missing */
export async function readEndpoint(session: TenantSession, endpointId: string): Promise<Endpoint> {
  const found = (await listEndpoints(session)).find(({ id }) => id === endpointId);
  if (found === undefined) throw new PlatformError('endpoint_missing');
  return found;
}

/** Where outbound calls of the session's tenant may go although it is private, as operators said. */
export async function privateTargetsOf(session: TenantSession): Promise<PrivateTarget[]> {
  const { rows } = await session.query<{ targets: PrivateTarget[] }>(
    'select edge.private_targets() as targets',
  );
  return rows[0]?.targets ?? [];
}

/** The guard's options for a tenant: the installation's, and what operators opened for this tenant. */
export function outboundFor(
  outbound: OutboundOptions | undefined,
  opened: readonly PrivateTarget[],
): OutboundOptions {
  return { ...outbound, privateTargets: [...(outbound?.privateTargets ?? []), ...opened] };
}

export type NewEndpoint = {
  /** https, of a public server, at most 2,000 characters. */
  url: string;
  /** At most 200 characters. */
  description: string;
  /** null: every event. */
  eventTypes: readonly string[] | null;
};

/**
 * Adds an endpoint. Its secret is in the answer and nowhere else in clear.
 *
 * @throws PlatformError endpoint_address_refused, endpoint_limit, permission_refused (owners and admins alone), input_invalid
 */
export async function createEndpoint(
  dependencies: EndpointDependencies,
  { url, description, eventTypes }: NewEndpoint,
): Promise<{ endpointId: string; secret: string }> {
  const { session, tenantId, cipher, clock, randomBytes, catalogue } = dependencies;
  const types = readEventTypes(eventTypes, catalogue);
  const address = await checkAddress(url, dependencies);
  const endpointId = randomUuid(randomBytes);
  const secret = newSecret(randomBytes);
  const sealed = sealSecret(cipher, { tenantId, endpointId, url: address }, secret);
  await withRefusals(() =>
    session.query('select webhooks.create_endpoint($1, $2, $3, $4, $5, $6, $7)', [
      endpointId,
      address,
      description,
      types,
      randomUuid(randomBytes),
      sealed,
      new Date(clock()),
    ]),
  );
  return { endpointId, secret: writeSecret(secret) };
}

/** The address as it will be called: parsed once, without a fragment. */
async function checkAddress(url: string, { session, outbound }: EndpointDependencies): Promise<string> {
  try {
    await checkDestination(url, outboundFor(outbound, await privateTargetsOf(session)));
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    throw new PlatformError('endpoint_address_refused', {
      message: error.message,
      field: 'url',
      cause: error,
    });
  }
  const parsed = new URL(url);
  parsed.hash = '';
  return parsed.href;
}

export type EndpointChanges = {
  description?: string | undefined;
  eventTypes?: readonly string[] | null | undefined;
  /** Switched off, what waits is held until somebody sends it again. */
  enabled?: boolean | undefined;
};

/** @throws PlatformError endpoint_missing, permission_refused, input_invalid */
export async function changeEndpoint(
  { session, clock, catalogue }: Pick<EndpointDependencies, 'session' | 'clock' | 'catalogue'>,
  endpointId: string,
  { eventTypes, ...changes }: EndpointChanges,
): Promise<void> {
  const wanted = {
    ...changes,
    ...(eventTypes === undefined ? {} : { eventTypes: readEventTypes(eventTypes, catalogue) }),
  };
  await withRefusals(() =>
    session.query('select webhooks.change_endpoint($1, $2, $3)', [
      endpointId,
      JSON.stringify(wanted),
      new Date(clock()),
    ]),
  );
}

/** @throws PlatformError endpoint_missing, permission_refused */
export async function removeEndpoint(
  { session, clock }: Pick<EndpointDependencies, 'session' | 'clock'>,
  endpointId: string,
): Promise<void> {
  await withRefusals(() =>
    session.query('select webhooks.remove_endpoint($1, $2)', [endpointId, new Date(clock())]),
  );
}

/**
 * Gives an endpoint another secret; the one before signs beside it for so many hours, 0 to 168.
 *
 * @throws PlatformError endpoint_missing, permission_refused, input_invalid
 */
export async function rotateSecret(
  { session, tenantId, cipher, clock, randomBytes }: EndpointDependencies,
  endpointId: string,
  overlapHours: number,
): Promise<{ secret: string }> {
  const { url } = await readEndpoint(session, endpointId);
  const secret = newSecret(randomBytes);
  const sealed = sealSecret(cipher, { tenantId, endpointId, url }, secret);
  await withRefusals(() =>
    session.query('select webhooks.rotate_secret($1, $2, $3, make_interval(hours => $4), $5)', [
      endpointId,
      randomUuid(randomBytes),
      sealed,
      overlapHours,
      new Date(clock()),
    ]),
  );
  return { secret: writeSecret(secret) };
}

/**
 * Queues the event `webhooks.test` for one endpoint.
 *
 * @returns the delivery's id
 * @throws PlatformError endpoint_missing, endpoint_disabled, permission_refused
 */
export async function sendTest(session: TenantSession, endpointId: string): Promise<string> {
  const { rows } = await withRefusals(() =>
    session.query<{ id: string }>('select webhooks.send_test($1) as id', [endpointId]),
  );
  return rows[0]?.id ?? '';
}
