/** How a party signs what it sends. */
export type WebhookScheme = 'stripe' | 'standard' | 'svix' | 'generic';

/** How a generic source signs: HMAC-SHA256 over a text that ends with the raw body. */
export type GenericSettings = {
  /** Header that holds the signature, in lower case. */
  signatureHeader: string;
  /** How it is written. Hex is lower case. */
  encoding: 'hex' | 'base64';
  /** What stands before it, e.g. `sha256=`. Default none. */
  prefix?: string | undefined;
  /** Header with the Unix seconds of signing, in lower case. Absent: the signature has no time, and is valid for ever. */
  timestampHeader?: string | undefined;
  /** What is signed: ends in `{body}`, with `{timestamp}` before it exactly when there is a header of it. */
  signed: string;
  /** Member of the JSON body that holds the event's id. Default: a digest of the body is its id. */
  idField?: string | undefined;
  /** Member of the JSON body that names its type. Default: every event is of type `event`. */
  typeField?: string | undefined;
};

/** A source with what is needed to verify it. */
export type WebhookSource = {
  id: string;
  /** The tenant its events are processed in; null: the service itself (billing). */
  tenantId: string | null;
  name: string;
  scheme: WebhookScheme;
  /** Of a generic source. */
  settings?: GenericSettings | undefined;
  /** Key bytes of every secret that is in force, the end of those that were replaced in Unix milliseconds. */
  secrets: readonly { key: Uint8Array; expiresAt: number | null }[];
};

/** The source of the service's own events: what Stripe sends of subscriptions. */
export const billingSourceId = '00000000-0000-0000-0000-000000000000';

/** Seconds that a signature's time may lie in the past, and in the future as well (T-50). */
export const signatureWindow = 300;

/** A request as verification sees it. */
export type SignedRequest = {
  /** A header's one value; undefined when it is absent or was sent twice. */
  header: (name: string) => string | undefined;
  /** The bytes of the body as they came. */
  body: Uint8Array;
};

/** What a signature covers, and the time it names. */
export type Signature = {
  /** Bytes signed before the body. */
  before: string;
  /** Unix seconds; undefined: the scheme has no time. */
  timestamp: number | undefined;
  /** Signatures as written, in their exact encoding; one valid one is enough. */
  candidates: readonly string[];
  encoding: 'hex' | 'base64';
  /** The sender's id of the event, where it is signed beside the body. */
  id?: string;
};
