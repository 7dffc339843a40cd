import { isUtf8 } from 'node:buffer';
import { readCertificate, type Certificate } from './certificate.ts';
import { attributeOf, childrenOf, elementsIn, isNamed, parseXml } from './document.ts';
import { SamlFailure } from './failure.ts';
import { binding, ns } from './names.ts';
import { normaliseText, textRules } from './text.ts';

/** What this service needs to know of an identity provider. */
export type IdentityProviderMetadata = {
  entityId: string;
  /** Where people are sent, and how. */
  signOn: { url: string; binding: 'redirect' | 'post' };
  /** Not empty; without those that stand there twice. */
  certificates: Certificate[];
};

/** Bytes a metadata document may have. One provider's has 3,000 to 20,000. */
export const largestMetadata = 256 * 1024;
const mostCertificates = 10;

// Comments are common in files that people keep, and every text read here is put together from all its pieces.
const metadataRules = textRules.filter(({ name }) => name !== 'comment');

/**
 * Reads an identity provider's metadata (SAML 2.0 metadata): of one entity, alone or alone in an EntitiesDescriptor.
 * No document type, no entities, no CDATA. A signature in it is not looked at: it is trusted for where it came from, an
 * administrator's hand or an https address.
 *
 * @param at milliseconds since the epoch, for `validUntil`
 * @throws SamlFailure metadata_refused, too_large, xml_forbidden, xml_malformed
 */
export function readMetadata(document: Uint8Array, at: number): IdentityProviderMetadata {
  if (document.length > largestMetadata) throw new SamlFailure('too_large', 'metadata');
  if (!isUtf8(document)) throw new SamlFailure('encoding_refused', 'metadata');
  const root = parseXml(normaliseText(Buffer.from(document).toString('utf8')), metadataRules);
  const entity = entityIn(root);
  checkEnd(root, at);
  checkEnd(entity, at);
  const role = roleOf(entity);
  return {
    entityId: entityIdOf(entity),
    signOn: signOnOf(role),
    certificates: certificatesOf(role),
  };
}

function entityIn(root: Element): Element {
  const isList = isNamed(root, ns.metadata, 'EntitiesDescriptor');
  const entities = isList ? childrenOf(root, ns.metadata, 'EntityDescriptor') : [root];
  const providers = entities.filter((entity) => isNamed(entity, ns.metadata, 'EntityDescriptor'));
  const [entity, second] = providers;
  if (entity === undefined || second !== undefined) return refuse(`${providers.length} entities`);
  return entity;
}

function roleOf(entity: Element): Element {
  const roles = childrenOf(entity, ns.metadata, 'IDPSSODescriptor').filter((descriptor) =>
    (attributeOf(descriptor, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(ns.protocol),
  );
  const [role, second] = roles;
  if (role === undefined || second !== undefined)
    return refuse(`${roles.length} SAML 2.0 identity providers`);
  return role;
}

function entityIdOf(entity: Element): string {
  const entityId = attributeOf(entity, 'entityID') ?? '';
  if (!isEntityId(entityId)) refuse('entityID');
  return entityId;
}

/** A URI of at most 1024 characters (metadata, section 2.2.1). */
export function isEntityId(text: string): boolean {
  return text.length <= 1024 && /^[a-z][a-z0-9+.-]*:[!-~]+$/i.test(text);
}

function signOnOf(role: Element): IdentityProviderMetadata['signOn'] {
  const services = childrenOf(role, ns.metadata, 'SingleSignOnService');
  for (const kind of ['redirect', 'post'] as const) {
    const service = services.find((element) => attributeOf(element, 'Binding') === binding[kind]);
    if (service !== undefined) return { url: signOnUrl(attributeOf(service, 'Location')), binding: kind };
  }
  return refuse('no sign-on address for HTTP-Redirect or HTTP-POST');
}

/** https, or this machine while somebody tries things out: people type their passwords there. */
function signOnUrl(location: string | undefined): string {
  const url = location !== undefined && URL.canParse(location) ? new URL(location) : undefined;
  if (
    url === undefined ||
    url.href.length > 2048 ||
    url.username !== '' ||
    url.password !== '' ||
    url.hash !== ''
  ) {
    return refuse('sign-on address');
  }
  const isHere = url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return url.protocol === 'https:' || isHere ? url.href : refuse('sign-on address without https');
}

function certificatesOf(role: Element): Certificate[] {
  const signing = childrenOf(role, ns.metadata, 'KeyDescriptor').filter(
    (key) => (attributeOf(key, 'use') ?? 'signing') === 'signing',
  );
  const texts = signing
    .flatMap(elementsIn)
    .filter((element) => isNamed(element, ns.signature, 'X509Certificate'))
    .map((element) => element.textContent ?? '');
  if (texts.length > mostCertificates) refuse('too many certificates');
  const byFingerprint = new Map(texts.map(readCertificate).map((found) => [found.fingerprint, found]));
  return byFingerprint.size === 0 ? refuse('no signing certificate') : [...byFingerprint.values()];
}

function checkEnd(element: Element, at: number): void {
  const until = attributeOf(element, 'validUntil');
  if (until !== undefined && !(Date.parse(until) > at)) refuse('validUntil has passed');
}

function refuse(detail: string): never {
  throw new SamlFailure('metadata_refused', detail);
}
