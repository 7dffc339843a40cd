import { readAssertion, type Assertion } from './assertion.ts';
import { checks, clockSkew, type Check, type Expectation, type ResponseFacts } from './checks.ts';
import { attributeOf, childrenOf, isNamed, onlyChild, parseXml, textOf } from './document.ts';
import { SamlFailure } from './failure.ts';
import { ns, success } from './names.ts';
import {
  signatureRules,
  signedBytes,
  verifySignature,
  type SignatureRule,
  type Verify,
} from './signature.ts';
import { assertionOf, checkStructure, structureRules, type StructureRule } from './structure.ts';
import { decodeMessage, normaliseText, textRules, type TextRule } from './text.ts';

/** Everything a response is held to. A test takes single parts out and shows what then gets in. */
export type Rules = {
  text: readonly TextRule[];
  structure: readonly StructureRule[];
  signature: readonly SignatureRule[];
  checks: readonly Check[];
  verify: Verify;
  /** Which element is read: the one parsed from the signed bytes, whatever the message holds besides. */
  read: (root: Element, signed: Element) => Element;
};

export const allRules: Rules = {
  text: textRules,
  structure: structureRules,
  signature: signatureRules,
  checks,
  verify: verifySignature,
  read: (_root, signed) => signed,
};

export type ResponseInput = Expectation & {
  /** The form field as it arrived. */
  message: string;
  /** The connection's certificates, PEM: several while the identity provider changes from one to the next. */
  certificates: readonly string[];
};

export type AcceptedResponse = {
  assertion: Assertion;
  /** Until when its ID must be remembered, so that it works once; milliseconds since the epoch. */
  rememberUntil: number;
};

/**
 * Decides whether a response signs somebody in. The steps, each of which sees only what the one before let through:
 * text, parse, structure, signatures, and then the assertion, parsed anew from the bytes that were signed.
 *
 * Whether it was used before, and whether its request is still open, is the caller's to decide, in the transaction
 * that honours it.
 *
 * @throws SamlFailure with the first reason found
 */
export function acceptResponse(input: ResponseInput, rules: Rules = allRules): AcceptedResponse {
  const text = normaliseText(decodeMessage(input.message));
  const root = parseXml(text, rules.text);
  if (isNamed(root, ns.protocol, 'Response')) checkStatus(root);
  checkStructure(root, rules.structure);
  const signed = (element: Element) => {
    const bytes = signedBytes(element, { ...input, text }, { rules: rules.signature, verify: rules.verify });
    return bytes === undefined ? undefined : parseXml(bytes, rules.text);
  };
  const signedResponse = signed(root);
  const signedAssertion = signed(assertionOf(root));
  if (signedAssertion === undefined) throw new SamlFailure('signature_missing');
  const assertion = readAssertion(rules.read(root, signedAssertion));
  const judged = { response: readFacts(signedResponse ?? root), assertion };
  for (const { check } of rules.checks) check(judged, input);
  const ends = assertion.confirmations.map(({ notOnOrAfter }) => notOnOrAfter ?? input.at);
  return { assertion, rememberUntil: Math.max(...ends) + clockSkew };
}

/** A refusal of the identity provider comes without an assertion, and mostly without a signature. */
function checkStatus(root: Element): void {
  const status = onlyChild(root, ns.protocol, 'Status');
  const code = onlyChild(status, ns.protocol, 'StatusCode');
  const value = attributeOf(code, 'Value');
  if (value === success) return;
  const inner = childrenOf(code, ns.protocol, 'StatusCode').map((child) => attributeOf(child, 'Value'));
  const names = [value, ...inner].map((name) => (name ?? '').split(':').at(-1));
  throw new SamlFailure('status_refused', names.join(' '));
}

function readFacts(root: Element): ResponseFacts {
  const [issuer] = childrenOf(root, ns.assertion, 'Issuer');
  return {
    issuer: issuer === undefined ? undefined : (textOf(issuer) ?? ''),
    destination: attributeOf(root, 'Destination'),
    inResponseTo: attributeOf(root, 'InResponseTo'),
  };
}
