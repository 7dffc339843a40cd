import { findCardNumber } from '../../card/index.ts';
import type { Clock } from '../../clock.ts';
import { randomUuid, type RandomBytes } from '../../random.ts';
import type { FieldCipher } from '../../vault/index.ts';
import { sealContent } from './content.ts';
import type { SourceDirectory } from './directory.ts';
import type { RefusalCounts } from './refusals.ts';
import type { SignedRequest, WebhookScheme, WebhookSource } from './source.ts';
import type { EventStore } from './store.ts';
import { verifyRequest, type VerificationFailure, type VerifiedEvent } from './verify.ts';

export type ReceiverDependencies = {
  sources: Pick<SourceDirectory, 'find' | 'findAgain'>;
  store: Pick<EventStore, 'store'>;
  cipher: FieldCipher;
  clock: Clock;
  randomBytes: RandomBytes;
  refusals: Pick<RefusalCounts, 'count'>;
};

/** What is answered, without a body; `code` is for the log alone. */
export type Receipt =
  | { status: 200; code: undefined }
  | { status: 401; code: 'source_unknown' | VerificationFailure }
  | { status: 422; code: 'card_data_refused' }
  | {
      status: 429;
      code: 'rate_limited';
      /** Seconds, at least 1. */
      retryAfter: number;
    };

/** Counts a verified event of a tenant's source. @returns seconds to wait when it is one too many */
export type AdmitEvent = (sourceId: string) => Promise<number | undefined>;

const day = 24 * 60 * 60 * 1000;
/** How long it is remembered that an event came: a sender's console sends events of the last month again. */
const rememberedFor = 400 * day;

/** Takes what others send: verified, stored, and only then answered. */
export class WebhookReceiver {
  readonly #of: ReceiverDependencies;
  readonly #decoyKey: Uint8Array;

  constructor(dependencies: ReceiverDependencies) {
    this.#of = dependencies;
    this.#decoyKey = dependencies.randomBytes(32);
  }

  /**
   * @param sourceId as it stands in the address
   * @param admit asked once the signature is verified, so that only the sender itself uses up what its source may send;
   *   default: everything is admitted
   * @throws whatever the database does: the sender tries again
   */
  async receive(sourceId: string, request: SignedRequest, admit?: AdmitEvent): Promise<Receipt> {
    const { sources, clock, refusals } = this.#of;
    // An unknown source is verified too, against a key nobody knows: its refusal takes as long.
    const verify = (by: WebhookSource | undefined) =>
      verifyRequest(by ?? this.#decoy(request), request, clock());
    let source = await sources.find(sourceId);
    let verification = verify(source);
    if ('failure' in verification && verification.failure === 'signature_wrong') {
      const again = await sources.findAgain(sourceId);
      if (again !== undefined) [source, verification] = [again.source, verify(again.source)];
    }
    if (source === undefined || 'failure' in verification) {
      const code =
        source === undefined || !('failure' in verification) ? 'source_unknown' : verification.failure;
      refusals.count(source, code);
      return { status: 401, code };
    }
    const retryAfter = source.tenantId === null ? undefined : await admit?.(source.id);
    if (retryAfter !== undefined) {
      refusals.count(source, 'rate_limited');
      return { status: 429, code: 'rate_limited', retryAfter };
    }
    const { event } = verification;
    if (findCardNumber(event.payload, request.body) !== undefined) {
      refusals.count(source, 'card_data_refused');
      return { status: 422, code: 'card_data_refused' };
    }
    await this.#keep(source, event, request.body);
    return { status: 200, code: undefined };
  }

  async #keep(source: WebhookSource, event: VerifiedEvent, body: Uint8Array): Promise<void> {
    const { store, cipher, clock, randomBytes } = this.#of;
    const { eventId, eventType, timed } = event;
    const place = {
      id: randomUuid(randomBytes),
      tenantId: source.tenantId,
      sourceId: source.id,
      eventId,
      eventType,
    };
    await store.store({
      id: place.id,
      tenant: source.tenantId,
      source: source.id,
      eventId,
      eventType,
      forgetAt: timed ? new Date(clock() + rememberedFor) : null,
      content: sealContent(cipher, place, body),
    });
  }

  #decoy({ header }: SignedRequest): WebhookSource {
    const scheme: WebhookScheme =
      header('stripe-signature') !== undefined
        ? 'stripe'
        : header('svix-signature') !== undefined
          ? 'svix'
          : header('webhook-signature') !== undefined
            ? 'standard'
            : 'generic';
    return {
      id: 'decoy',
      tenantId: null,
      name: 'decoy',
      scheme,
      settings: { signatureHeader: 'content-type', encoding: 'hex', signed: '{body}' },
      secrets: [{ key: this.#decoyKey, expiresAt: null }],
    };
  }
}
