import { X509Certificate } from 'node:crypto';
import { getVerifiedXml } from '@node-saml/node-saml/lib/xml.js';
import { attributeOf, childrenOf, isNamed, textOf } from './document.ts';
import { SamlFailure } from './failure.ts';
import { digestMethods, envelopedTransform, ns, signatureMethods } from './names.ts';

export type SignatureRule = { name: string; check: (signature: Element, parent: Element) => void };

const { signature: dsig } = ns;

/**
 * What a signature must look like (SAML 2.0 core, section 5.4): one reference, to the parent, through the two
 * transforms that cannot drop or add anything. No object, no second reference, no XPath, no XSLT.
 */
export const signatureRules: readonly SignatureRule[] = [
  {
    name: 'shape',
    check: (signature) => {
      checkChildren(signature, ['SignedInfo', 'SignatureValue', 'KeyInfo?']);
      const info = part(signature, 'SignedInfo');
      checkChildren(info, ['CanonicalizationMethod', 'SignatureMethod', 'Reference']);
      checkChildren(part(info, 'SignatureMethod'), []);
      const reference = part(info, 'Reference');
      checkChildren(reference, ['Transforms', 'DigestMethod', 'DigestValue']);
      checkChildren(part(reference, 'DigestMethod'), []);
      if (!textOf(part(reference, 'DigestValue')) || !textOf(part(signature, 'SignatureValue')))
        refuse('value');
    },
  },
  {
    name: 'reference',
    check: (signature, parent) => {
      const id = attributeOf(parent, 'ID');
      const uri = attributeOf(referenceOf(signature), 'URI');
      if (id === undefined || id === '' || uri !== `#${id}`) refuse('reference');
    },
  },
  {
    name: 'transforms',
    check: (signature) => {
      const [enveloped, canonical, third] = childrenOf(part(referenceOf(signature), 'Transforms'));
      if (third !== undefined || !isAlgorithm(enveloped, envelopedTransform)) refuse('transforms');
      if (!isAlgorithm(canonical, ns.exclusive)) refuse('transforms');
    },
  },
  {
    name: 'canonicalisation',
    check: (signature) => {
      const method = part(part(signature, 'SignedInfo'), 'CanonicalizationMethod');
      if (attributeOf(method, 'Algorithm') !== ns.exclusive) {
        throw new SamlFailure('algorithm_refused', attributeOf(method, 'Algorithm'));
      }
    },
  },
  {
    name: 'algorithms',
    check: (signature) => {
      const info = part(signature, 'SignedInfo');
      checkAlgorithm(part(info, 'SignatureMethod'), signatureMethods);
      checkAlgorithm(part(referenceOf(signature), 'DigestMethod'), digestMethods);
    },
  },
];

/**
 * Verifies the one signature of an element and returns the bytes that were signed: the element in canonical form.
 * Nothing else of the message is vouched for by it.
 *
 * @param text the whole message, as `parent` was parsed from it
 * @param certificates PEM; `KeyInfo` is never looked at
 * @param at milliseconds since the epoch; a certificate that has ended by then verifies nothing
 * @returns undefined when the element has no signature
 * @throws SamlFailure signature_refused, algorithm_refused, signature_invalid, certificate_expired
 */
export function signedBytes(
  parent: Element,
  { text, certificates, at }: { text: string; certificates: readonly string[]; at: number },
  { rules, verify }: { rules: readonly SignatureRule[]; verify: Verify },
): string | undefined {
  const [signature] = childrenOf(parent, dsig, 'Signature');
  if (signature === undefined) return undefined;
  for (const rule of rules) rule.check(signature, parent);
  const verified = certificates
    .map((certificate) => ({ certificate, signed: verify(text, parent, certificate) }))
    .filter((outcome): outcome is { certificate: string; signed: string } => outcome.signed !== null);
  if (verified.length === 0) throw new SamlFailure('signature_invalid');
  const current = verified.find(({ certificate }) => endOf(certificate) > at);
  if (current === undefined) throw new SamlFailure('certificate_expired');
  return current.signed;
}

/** Returns what the element's signature covers, in canonical form; null when the certificate does not verify it. */
export type Verify = (text: string, parent: Element, certificate: string) => string | null;

/** node-saml's: it finds the reference again in a parse of its own, and returns what was digested (CVE-2025-54419). */
export const verifySignature: Verify = (text, parent, certificate) => {
  try {
    return getVerifiedXml(text, parent, [certificate]);
  } catch (error) {
    throw new SamlFailure('signature_refused', 'verification', { cause: error });
  }
};

function endOf(certificate: string): number {
  return Date.parse(new X509Certificate(certificate).validTo);
}

function referenceOf(signature: Element): Element {
  return part(part(signature, 'SignedInfo'), 'Reference');
}

function part(element: Element, name: string): Element {
  const [child, second] = childrenOf(element, dsig, name);
  if (child === undefined || second !== undefined) return refuse(name);
  return child;
}

/** `?` marks a part that may be missing. */
function checkChildren(element: Element, names: readonly string[]): void {
  const children = childrenOf(element);
  let at = 0;
  for (const name of names) {
    const child = children[at];
    if (child !== undefined && isNamed(child, dsig, name.replace('?', ''))) at += 1;
    else if (!name.endsWith('?')) refuse(name);
  }
  if (at !== children.length) refuse(children[at]?.localName ?? 'shape');
}

function checkAlgorithm(method: Element, accepted: ReadonlySet<string>): void {
  const algorithm = attributeOf(method, 'Algorithm') ?? 'none';
  if (!accepted.has(algorithm)) throw new SamlFailure('algorithm_refused', algorithm);
}

function isAlgorithm(transform: Element | undefined, algorithm: string): boolean {
  return (
    transform !== undefined &&
    isNamed(transform, dsig, 'Transform') &&
    attributeOf(transform, 'Algorithm') === algorithm &&
    childrenOf(transform).every((child) => isNamed(child, ns.exclusive, 'InclusiveNamespaces'))
  );
}

function refuse(detail: string): never {
  throw new SamlFailure('signature_refused', detail);
}
