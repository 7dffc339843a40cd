const messages = {
  url_refused: 'That address cannot be used. It must be https, without a user name, on a usual port.',
  destination_refused: 'That address does not lead to a public server.',
  unreachable: 'The server at that address could not be reached in time.',
  redirect_refused: 'The server at that address redirects to where it may not, or too often.',
  answer_refused: 'The server at that address answers with more, or with something else, than is accepted.',
} as const;

/**
 * Stable. A name that does not resolve and one that resolves to a private address share one code, so that nobody can
 * learn by it which names exist inside.
 */
export type OutboundErrorCode = keyof typeof messages;

/** Why a call to an outside server was not made or not finished. `message` is for the user; `cause` and `reason` for the log. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly code: OutboundErrorCode;
  /** What exactly, for the log only: it may tell what lies inside. */
  readonly reason: string;

  constructor(code: OutboundErrorCode, reason: string, options?: ErrorOptions) {
    super(messages[code], options);
    this.code = code;
    this.reason = reason;
  }
}
