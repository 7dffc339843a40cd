import { hash } from 'node:crypto';
import type { Pool } from 'pg';
import type { Clock } from '../../clock.ts';
import type { FieldCipher } from '../../vault/index.ts';

/** What the provider remembers. */
export type RecordModel =
  | 'Session'
  | 'Interaction'
  | 'Grant'
  | 'AuthorizationCode'
  | 'AccessToken'
  | 'RefreshToken'
  | 'ReplayDetection';

export type RecordPayload = { [key: string]: unknown };

export type RecordSave = {
  model: RecordModel;
  /** The secret itself for codes and tokens; only its hash is stored. */
  id: string;
  payload: RecordPayload;
  /** Seconds; absent: a day. */
  expiresIn?: number | undefined;
  /** The session it hangs on, where the payload names no browser session. */
  sessionId?: string | undefined;
};

type Dependencies = { pool: Pool; cipher: FieldCipher; clock: Clock };

const day = 86_400;

/** What is issued under a grant, and ends with it. */
const issued: ReadonlySet<RecordModel> = new Set(['AuthorizationCode', 'AccessToken', 'RefreshToken']);

/**
 * The provider's records: found by SHA-256 of their id, contents encrypted, each hanging on the session under which it
 * was made. A record whose session has ended, run out, or belongs to a disabled account is not found.
 */
export class ProviderRecords {
  readonly #pool: Pool;
  readonly #cipher: FieldCipher;
  readonly #clock: Clock;

  constructor({ pool, cipher, clock }: Dependencies) {
    this.#pool = pool;
    this.#cipher = cipher;
    this.#clock = clock;
  }

  /**
   * Saves a record or saves it anew. Codes, tokens and grants that hang on no session are refused by the table.
   */
  async save({ model, id, payload, expiresIn = day, sessionId }: RecordSave): Promise<void> {
    const idHash = hashOf(id);
    const uid = textOf(payload['uid']);
    const browser = textOf(payload['sessionUid']) ?? uid;
    const grant = model === 'Grant' ? id : issued.has(model) ? textOf(payload['grantId']) : undefined;
    const now = this.#clock();
    await this.#pool.query(
      `insert into identity.provider_record
         (model, id_hash, uid_hash, grant_hash, session_id, payload_encrypted, created_at, expires_at)
       values ($1, $2, $3, $4,
         coalesce($5::uuid, (
           select b.session_id from identity.provider_record b
           where b.model = 'Session' and b.uid_hash = $9 and b.session_id is not null
           order by b.created_at desc limit 1
         )), $6, $7, $8)
       on conflict (model, id_hash) do update
         set payload_encrypted = excluded.payload_encrypted, expires_at = excluded.expires_at,
           session_id = coalesce(provider_record.session_id, excluded.session_id)`,
      [
        model,
        idHash,
        model === 'Session' && uid !== undefined ? hashOf(uid) : null,
        grant === undefined ? null : hashOf(grant),
        sessionId ?? null,
        this.#cipher.encrypt(Buffer.from(JSON.stringify(payload)), bindingOf(model, idHash)),
        new Date(now),
        new Date(now + expiresIn * 1000),
        browser === undefined ? null : hashOf(browser),
      ],
    );
  }

  /** The payload; `consumed` (seconds since the epoch) is in it once it was consumed. */
  async find(model: RecordModel, id: string): Promise<RecordPayload | undefined> {
    return this.#read(model, 'r.id_hash', id);
  }

  /** The browser session of a lasting id. */
  async findSession(uid: string): Promise<RecordPayload | undefined> {
    return this.#read('Session', 'r.uid_hash', uid);
  }

  /** The session a browser session belongs to; undefined before anybody signed in. */
  async sessionIdOf(uid: string): Promise<string | undefined> {
    const { rows } = await this.#pool.query<{ session_id: string }>(
      `select r.session_id from identity.provider_record r
       where r.model = 'Session' and r.uid_hash = $1 and r.session_id is not null
       order by r.created_at desc limit 1`,
      [hashOf(uid)],
    );
    return rows[0]?.session_id;
  }

  /**
   * Spends a code or refresh token. Of any number of attempts at once, one succeeds (T-30). Spending a refresh token is
   * use of its session, whose idle life moves.
   *
   * @param idleLife milliseconds
   * @returns false when it was spent before or is gone
   */
  async consume(model: RecordModel, id: string, idleLife: number): Promise<boolean> {
    const now = this.#clock();
    const { rows } = await this.#pool.query<{ spent: boolean }>(
      `with spent as (
         update identity.provider_record r set consumed_at = $3
         where r.model = $1 and r.id_hash = $2 and r.consumed_at is null and r.ended_at is null and r.expires_at > $3
         returning r.session_id
       ), used as (
         update identity.session s
         set last_seen_at = greatest(s.last_seen_at, $3),
           idle_expires_at = greatest(s.idle_expires_at, least(s.absolute_expires_at, $4))
         from spent where s.id = spent.session_id and s.ended_at is null and s.idle_expires_at > $3
         returning 1
       )
       select exists (select from spent) as spent`,
      [model, hashOf(id), new Date(now), new Date(now + idleLife)],
    );
    return rows[0]?.spent === true;
  }

  /** Revokes one record. */
  async end(model: RecordModel, id: string): Promise<void> {
    await this.#pool.query(
      `update identity.provider_record set ended_at = $3 where model = $1 and id_hash = $2 and ended_at is null`,
      [model, hashOf(id), new Date(this.#clock())],
    );
  }

  /** Revokes everything issued under a grant, and the grant. */
  async endGrant(grantId: string): Promise<void> {
    await this.#pool.query(
      'update identity.provider_record set ended_at = $2 where grant_hash = $1 and ended_at is null',
      [hashOf(grantId), new Date(this.#clock())],
    );
  }

  async #read(
    model: RecordModel,
    column: 'r.id_hash' | 'r.uid_hash',
    key: string,
  ): Promise<RecordPayload | undefined> {
    const { rows } = await this.#pool.query<RecordRow>(
      `select r.id_hash, r.payload_encrypted, r.consumed_at
       from identity.provider_record r
       left join identity.session s on s.id = r.session_id
       left join identity.account a on a.id = s.account_id
       where r.model = $1 and ${column} = $2 and r.ended_at is null and r.expires_at > $3
         and (r.session_id is null or (
           s.ended_at is null and s.idle_expires_at > $3 and s.absolute_expires_at > $3 and a.disabled_at is null
         ))
       order by r.created_at desc limit 1`,
      [model, hashOf(key), new Date(this.#clock())],
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    const opened = this.#cipher.decrypt(row.payload_encrypted, bindingOf(model, row.id_hash));
    const payload = JSON.parse(opened.toString()) as RecordPayload;
    if (row.consumed_at === null) return payload;
    return { ...payload, consumed: Math.floor(row.consumed_at.getTime() / 1000) };
  }
}

type RecordRow = { id_hash: Buffer; payload_encrypted: Buffer; consumed_at: Date | null };

function hashOf(id: string): Buffer {
  return hash('sha256', id, 'buffer');
}

function bindingOf(model: RecordModel, idHash: Buffer): string[] {
  return ['identity.provider_record', model, idHash.toString('hex')];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
