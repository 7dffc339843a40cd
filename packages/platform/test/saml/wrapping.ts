import { DOMParser, XMLSerializer } from '@xmldom/xmldom';

/**
 * Signature wrapping, XSW1 to XSW8, after "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky et al., USENIX
 * Security 2012) and in SAML Raider's numbering: the signed element is kept somewhere, and a changed copy is put where
 * it may be read. The copy says eve where the original says ada.
 */
export type Wrapping = (genuine: string) => string;

type Scene = { document: Document; response: Element; assertion: Element };

const dsig = 'http://www.w3.org/2000/09/xmldsig#';
const saml = 'urn:oasis:names:tc:SAML:2.0:assertion';
const samlp = 'urn:oasis:names:tc:SAML:2.0:protocol';

const changing =
  (change: (scene: Scene) => void): Wrapping =>
  (genuine) => {
    const document = new DOMParser().parseFromString(genuine, 'text/xml');
    const response = document.documentElement;
    const assertion = children(response, saml, 'Assertion')[0] as Element;
    change({ document, response, assertion });
    return new XMLSerializer().serializeToString(document);
  };

function children(element: Element, namespace: string, name: string): Element[] {
  return Array.from(element.childNodes).filter(
    (node): node is Element =>
      node.nodeType === 1 &&
      (node as Element).namespaceURI === namespace &&
      (node as Element).localName === name,
  );
}

const signatureOf = (element: Element): Element => children(element, dsig, 'Signature')[0] as Element;

const copy = (element: Element, options: { signed: boolean }): Element => {
  const clone = element.cloneNode(true) as Element;
  if (!options.signed)
    children(clone, dsig, 'Signature').forEach((signature) => clone.removeChild(signature));
  return clone;
};

/** Makes an element speak of eve, under an ID of its own. */
const becomeEve = (element: Element, id = '_eve'): void => {
  element.setAttribute('ID', id);
  for (const nameId of Array.from(element.getElementsByTagNameNS(saml, 'NameID'))) nameId.textContent = 'eve';
};

const wrapped = (inner: Element, namespace: string, name: string): Element => {
  const element = inner.ownerDocument.createElementNS(namespace, name);
  element.appendChild(inner);
  return element;
};

export const wrappings: Readonly<Record<string, Wrapping>> = {
  XSW1: changing(({ response }) => {
    const original = copy(response, { signed: false });
    const signature = signatureOf(response);
    becomeEve(response);
    signature.appendChild(original);
  }),
  XSW2: changing(({ response }) => {
    const original = copy(response, { signed: false });
    becomeEve(response);
    response.insertBefore(original, signatureOf(response));
  }),
  XSW3: changing(({ response, assertion }) => {
    const evil = copy(assertion, { signed: false });
    becomeEve(evil);
    response.insertBefore(evil, assertion);
  }),
  XSW4: changing(({ response, assertion }) => {
    const evil = copy(assertion, { signed: false });
    becomeEve(evil);
    response.replaceChild(evil, assertion);
    evil.appendChild(assertion);
  }),
  XSW5: changing(({ response, assertion }) => {
    const original = copy(assertion, { signed: false });
    becomeEve(assertion);
    response.appendChild(original);
  }),
  XSW6: changing(({ assertion }) => {
    const original = copy(assertion, { signed: false });
    becomeEve(assertion);
    signatureOf(assertion).appendChild(original);
  }),
  XSW7: changing(({ response, assertion }) => {
    const evil = copy(assertion, { signed: false });
    // Its ID is the original's: what is found by ID first is what stands first.
    becomeEve(evil, assertion.getAttribute('ID') ?? '');
    response.insertBefore(wrapped(evil, samlp, 'Extensions'), assertion);
  }),
  XSW8: changing(({ assertion }) => {
    const original = copy(assertion, { signed: false });
    becomeEve(assertion);
    signatureOf(assertion).appendChild(wrapped(original, dsig, 'Object'));
  }),
};

/** XSW1 and XSW2 wrap the response's signature, the others the assertion's. */
export const wrapsResponse = (name: string): boolean => name === 'XSW1' || name === 'XSW2';

/** A DOM change to a genuine message, for tests of single rules. */
export const edited = (genuine: string, change: (scene: Scene) => void): string => changing(change)(genuine);
export { children, signatureOf, dsig, saml, samlp };
