/**
 * Why a SAML message was refused. Stable: it stands in the log and in the audit entry, where an administrator finds
 * it; the person signing in is told nothing of it, whatever the reason.
 */
export const samlFailures = {
  too_large: 'The message is larger than any genuine one.',
  encoding_refused: 'The message is not Base64 of UTF-8 text.',
  xml_forbidden:
    'The message holds a document type, entity, comment, CDATA section or processing instruction.',
  xml_malformed: 'The message is not well-formed XML.',
  namespace_refused: 'A namespace is declared in a way that no identity provider needs.',
  id_refused: 'An ID is missing, malformed, given twice or given under another name.',
  structure_refused: 'The message is not one Response with one Assertion in it.',
  encrypted:
    'The assertion is encrypted. Switch encryption off at the identity provider: TLS protects it on its way.',
  status_refused: 'The identity provider did not sign the person in.',
  signature_missing: 'The assertion is not signed. Set the identity provider to sign assertions.',
  signature_refused: 'A signature does not stand where it belongs or covers something else than its parent.',
  algorithm_refused:
    'Signed with an algorithm that is not accepted. Set the identity provider to RSA with SHA-256.',
  signature_invalid: 'No certificate of the connection verifies the signature.',
  certificate_expired:
    'Signed with a certificate that has expired. Upload the identity provider’s current metadata.',
  issuer_refused: 'The message comes from another identity provider than the connection’s.',
  destination_refused: 'The response was made for another address.',
  recipient_refused: 'The assertion was made for another address.',
  audience_refused: 'The assertion was made for another service.',
  answer_refused: 'The response answers another request.',
  unsolicited: 'The response answers no request. Start signing in at this service.',
  not_yet_valid: 'The assertion is not valid yet. Compare the clocks.',
  expired: 'The assertion is not valid any more. Compare the clocks.',
  confirmation_refused: 'The assertion is not a bearer assertion with an end.',
  condition_unknown: 'The assertion depends on a condition this service does not know.',
  statement_missing: 'The assertion does not say that the person signed in.',
  subject_refused:
    'The assertion names nobody, or nobody that stays the same. Set a persistent name identifier.',
  value_refused: 'An attribute has no value, more than one, or one with spaces or markup around it.',
  replayed: 'The assertion was used before.',
  flow_unknown: 'There is no such sign-in under way.',
  connection_unusable: 'The connection is switched off or has no identity provider yet.',
  metadata_refused: 'The metadata does not describe one SAML 2.0 identity provider.',
} as const;

export type SamlFailureCode = keyof typeof samlFailures;

/** A refused message. `code` and `detail` are for the log and the audit entry, never for the person signing in. */
export class SamlFailure extends Error {
  override readonly name = 'SamlFailure';
  readonly code: SamlFailureCode;
  /** What was found, e.g. the algorithm; never a secret, never the message itself. At most 200 characters. */
  readonly detail: string | undefined;

  constructor(code: SamlFailureCode, detail?: string, options?: ErrorOptions) {
    super(samlFailures[code], options);
    this.code = code;
    this.detail = detail?.slice(0, 200);
  }
}
