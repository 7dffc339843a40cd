import type { Pool } from 'pg';
import type { Clock } from '../../clock.ts';
import type { Sealer } from '../../sealer.ts';
import type { FieldCipher } from '../../vault/index.ts';
import { keyOfSecret } from './secret.ts';
import { billingSourceId, type GenericSettings, type WebhookScheme, type WebhookSource } from './source.ts';
import { secretBinding } from './sources.ts';

export type DirectoryDependencies = {
  /** Connected as bulkhead_identity. */
  pool: Pool;
  sealer: Sealer;
  cipher: FieldCipher;
  clock: Clock;
  /** Secrets of Stripe's events for the service itself, the current one first; empty: it takes none. */
  billingSecrets?: readonly string[];
};

/** Milliseconds for which what was read, an unknown source too, is trusted. */
const trustedFor = 5000;
/** Milliseconds after which it is read anew for a signature that does not verify. */
const doubtedAfter = 500;
const mostKept = 10_000;
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The sources by the id in their address. Known and unknown ones are looked up and remembered alike, so that the time
 * of an answer does not tell them apart.
 */
export class SourceDirectory {
  readonly #of: DirectoryDependencies;
  readonly #kept = new Map<string, { readAt: number; source: Promise<WebhookSource | undefined> }>();
  readonly #billing: WebhookSource | undefined;

  constructor(dependencies: DirectoryDependencies) {
    this.#of = dependencies;
    const secrets = dependencies.billingSecrets ?? [];
    this.#billing =
      secrets.length === 0
        ? undefined
        : {
            id: billingSourceId,
            tenantId: null,
            name: 'Stripe',
            scheme: 'stripe',
            secrets: secrets.map((secret) => ({ key: keyOfSecret('stripe', secret), expiresAt: null })),
          };
  }

  /** @returns undefined when there is none, it is turned off, or its secrets are of another place */
  async find(id: string): Promise<WebhookSource | undefined> {
    if (id === 'billing') return this.#billing;
    if (!uuid.test(id) || id === billingSourceId) return undefined;
    const kept = this.#kept.get(id);
    if (kept !== undefined && kept.readAt + trustedFor > this.#of.clock()) return kept.source;
    return this.#keep(id);
  }

  /**
   * Reads a source anew after a signature did not verify, known or unknown: its secret may be new.
   *
   * @returns undefined when it was read less than half a second ago
   */
  async findAgain(id: string): Promise<{ source: WebhookSource | undefined } | undefined> {
    const kept = this.#kept.get(id);
    if (kept === undefined || kept.readAt + doubtedAfter > this.#of.clock()) return undefined;
    return { source: await this.#keep(id) };
  }

  #keep(id: string): Promise<WebhookSource | undefined> {
    const source = this.#read(id);
    this.#kept.delete(id);
    this.#kept.set(id, { readAt: this.#of.clock(), source });
    source.catch(() => this.#kept.delete(id));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(oldest);
    }
    return source;
  }

  async #read(id: string): Promise<WebhookSource | undefined> {
    const { pool, sealer } = this.#of;
    const owner = await pool.query<{ tenant_id: string }>(
      'select d.tenant_id from webhooks.source_directory d where d.source_id = $1',
      [id],
    );
    // The second query is run for nobody too: an unknown source takes the same two.
    const tenantId = owner.rows[0]?.tenant_id ?? billingSourceId;
    const context = sealer.seal({ tenant: tenantId, actor: { kind: 'service', id } });
    const { rows } = await pool.query<SourceRow>('select * from webhooks.source_of_context($1, $2)', [
      context,
      id,
    ]);
    const [row] = rows;
    return row === undefined ? undefined : this.#open(row, { id, tenantId });
  }

  #open(row: SourceRow, { id, tenantId }: { id: string; tenantId: string }): WebhookSource {
    const secrets = (row.secrets ?? []).map((secret) => {
      const binding = secretBinding({ tenantId, sourceId: id, secretId: secret.id });
      const text = this.#of.cipher.decrypt(Buffer.from(secret.secret, 'hex'), binding).toString('utf8');
      const expiresAt = secret.expiresAt === null ? null : Date.parse(secret.expiresAt);
      return { key: keyOfSecret(row.scheme, text), expiresAt };
    });
    const settings = row.scheme === 'generic' ? row.settings : undefined;
    return { id, tenantId, name: row.name, scheme: row.scheme, settings, secrets };
  }
}

type SourceRow = {
  name: string;
  scheme: WebhookScheme;
  settings: GenericSettings;
  secrets: { id: string; secret: string; expiresAt: string | null }[] | null;
};
