import type { Clock } from '../../clock.ts';
import { translating } from '../../errors.ts';
import { randomUuid, type RandomBytes } from '../../random.ts';
import type { TenantSession } from '../../tenantSession.ts';
import type { FieldCipher } from '../../vault/index.ts';
import { keyOfSecret, newSecret } from './secret.ts';
import { checkSettings } from './settings.ts';
import type { GenericSettings, WebhookScheme } from './source.ts';

/** A source as its tenant's administrators see it. */
export type ListedSource = {
  id: string;
  name: string;
  scheme: WebhookScheme;
  settings: GenericSettings | null;
  enabled: boolean;
  createdAt: Date;
  /** The current one first; `expiresAt` is null for it, and says for the others until when they go on. */
  secrets: { id: string; createdAt: Date; expiresAt: Date | null }[];
};

export type NewSource = {
  /** 1 to 100 characters. */
  name: string;
  scheme: WebhookScheme;
  /** Of a generic source, and of no other. */
  settings?: GenericSettings | undefined;
  /** As the sender shows it. Absent: one is made, to be given to the sender. Stripe makes its own. */
  secret?: string | undefined;
};

export type ManagingSources = {
  session: TenantSession;
  tenantId: string;
  cipher: FieldCipher;
  clock: Clock;
  randomBytes: RandomBytes;
};

const refusals = {
  source_missing: 'source_missing',
  source_secret_missing: 'source_missing',
  source_limit: 'source_limit',
  source_secret_limit: 'source_limit',
  source_name_length: 'input_invalid',
  source_settings_form: 'input_invalid',
  source_overlap: 'input_invalid',
} as const;

/** The sources of the context's tenant, the oldest first. */
export async function listSources(session: TenantSession): Promise<ListedSource[]> {
  const { rows } = await session.query<SourceRow>('select * from webhooks.sources()');
  return rows.map(({ id, name, scheme, settings, enabled, created_at: createdAt, secrets }) => ({
    id,
    name,
    scheme,
    settings: scheme === 'generic' ? (settings as GenericSettings) : null,
    enabled,
    createdAt,
    secrets: secrets.map((secret) => ({
      id: secret.id,
      createdAt: new Date(secret.createdAt),
      expiresAt: secret.expiresAt === null ? null : new Date(secret.expiresAt),
    })),
  }));
}

type SourceRow = {
  id: string;
  name: string;
  scheme: WebhookScheme;
  settings: object;
  enabled: boolean;
  created_at: Date;
  secrets: { id: string; createdAt: string; expiresAt: string | null }[];
};

/**
 * Makes a source of the context's tenant.
 *
 * @returns its id, and the secret when one was made: it is shown once
 * @throws PlatformError input_invalid, source_limit
 */
export async function createSource(
  managing: ManagingSources,
  { name, scheme, settings, secret: given }: NewSource,
): Promise<{ id: string; secret: string | null }> {
  const { session, clock, randomBytes } = managing;
  const checked = settings === undefined ? undefined : checkSettings(settings);
  const [id, secretId] = [randomUuid(randomBytes), randomUuid(randomBytes)];
  const sealed = sealSecret(managing, { id, scheme, secretId, given });
  const row = JSON.stringify({ id, name, scheme, settings: checked });
  await translating(refusals, () =>
    session.query('select webhooks.create_source($1, $2, $3, $4)', [
      row,
      secretId,
      sealed.envelope,
      new Date(clock()),
    ]),
  );
  return { id, secret: sealed.made };
}

/** @throws PlatformError source_missing, input_invalid */
export async function changeSource(
  session: TenantSession,
  { id, name, enabled }: { id: string; name: string; enabled: boolean },
): Promise<void> {
  await translating(refusals, () =>
    session.query('select webhooks.change_source($1, $2, $3)', [id, name, enabled]),
  );
}

/** Removes a source with its secrets; what came from it stays. @throws PlatformError source_missing */
export async function removeSource(session: TenantSession, { id }: { id: string }): Promise<void> {
  await translating(refusals, () => session.query('select webhooks.remove_source($1)', [id]));
}

/**
 * Gives a source another secret. The ones before it go on for `overlap` milliseconds, at most 30 days, so that nothing
 * is lost while the sender changes over.
 *
 * @returns the secret when one was made: it is shown once
 * @throws PlatformError source_missing, source_limit, input_invalid
 */
export async function rotateSource(
  managing: ManagingSources,
  { id, secret: given, overlap }: { id: string; secret?: string | undefined; overlap: number },
): Promise<{ secret: string | null }> {
  const { session, clock, randomBytes } = managing;
  const scheme = (await listSources(session)).find((source) => source.id === id)?.scheme ?? 'generic';
  const secretId = randomUuid(randomBytes);
  const sealed = sealSecret(managing, { id, scheme, secretId, given });
  await translating(refusals, () =>
    session.query("select webhooks.add_secret($1, $2, $3, $4::bigint * interval '1 millisecond', $5)", [
      id,
      secretId,
      sealed.envelope,
      overlap,
      new Date(clock()),
    ]),
  );
  return { secret: sealed.made };
}

/** Ends a replaced secret at once, e.g. because it leaked. @throws PlatformError source_missing */
export async function endSourceSecret(
  session: TenantSession,
  { id, secretId }: { id: string; secretId: string },
): Promise<void> {
  await translating(refusals, () => session.query('select webhooks.end_secret($1, $2)', [id, secretId]));
}

type SecretToSeal = { id: string; scheme: WebhookScheme; secretId: string; given: string | undefined };

function sealSecret(
  { tenantId, cipher, randomBytes }: ManagingSources,
  { id, scheme, secretId, given }: SecretToSeal,
): { envelope: Buffer; made: string | null } {
  const secret = given ?? newSecret(scheme, randomBytes);
  keyOfSecret(scheme, secret);
  const envelope = cipher.encrypt(
    Buffer.from(secret, 'utf8'),
    secretBinding({ tenantId, sourceId: id, secretId }),
  );
  return { envelope, made: given === undefined ? secret : null };
}

/** The place a secret belongs to: one that is moved to another source or tenant does not open. */
export function secretBinding(of: { tenantId: string; sourceId: string; secretId: string }): string[] {
  return ['webhooks.source_secret', of.tenantId, of.sourceId, of.secretId];
}
