import { attributeOf, childrenOf, isNamed, onlyChild, textOf } from './document.ts';
import { SamlFailure } from './failure.ts';
import { bearer, ns, transientFormat } from './names.ts';

/** One way to confirm who presents the assertion. */
export type Confirmation = {
  method: string;
  recipient: string | undefined;
  inResponseTo: string | undefined;
  /** Milliseconds since the epoch. */
  notBefore: number | undefined;
  notOnOrAfter: number | undefined;
};

/** What a signed assertion says. Times are milliseconds since the epoch. */
export type Assertion = {
  id: string;
  issuer: string;
  subject: { nameId: string; format: string | undefined; nameQualifier: string | undefined };
  confirmations: Confirmation[];
  notBefore: number | undefined;
  notOnOrAfter: number | undefined;
  /** One list a restriction; the audience must be in each. */
  audiences: string[][];
  unknownCondition: boolean;
  statements: Statement[];
  /** Values by name. An attribute given twice has the values of both. */
  attributes: ReadonlyMap<string, readonly string[]>;
};

export type Statement = {
  authenticatedAt: number | undefined;
  sessionNotOnOrAfter: number | undefined;
  contextClass: string | undefined;
};

const { assertion: saml } = ns;

/**
 * Reads an assertion from the bytes that were signed, parsed; never from the message they came in.
 *
 * @throws SamlFailure structure_refused, subject_refused, value_refused
 */
export function readAssertion(element: Element): Assertion {
  if (!isNamed(element, saml, 'Assertion') || attributeOf(element, 'Version') !== '2.0') refuse('Assertion');
  const conditions = optionalChild(element, 'Conditions');
  const subject = onlyChild(element, saml, 'Subject');
  return {
    id: attributeOf(element, 'ID') ?? refuse('ID'),
    issuer: valueOf(onlyChild(element, saml, 'Issuer')),
    subject: readSubject(subject),
    confirmations: childrenOf(subject, saml, 'SubjectConfirmation').map(readConfirmation),
    notBefore: conditions && timeOf(conditions, 'NotBefore'),
    notOnOrAfter: conditions && timeOf(conditions, 'NotOnOrAfter'),
    audiences: (conditions ? childrenOf(conditions, saml, 'AudienceRestriction') : []).map((restriction) =>
      childrenOf(restriction, saml, 'Audience').map(valueOf),
    ),
    unknownCondition: (conditions ? childrenOf(conditions) : []).some((condition) => !isKnown(condition)),
    statements: childrenOf(element, saml, 'AuthnStatement').map(readStatement),
    attributes: readAttributes(element),
  };
}

// OneTimeUse is kept by refusing every replay; ProxyRestriction binds whoever issues further assertions.
function isKnown(condition: Element): boolean {
  return (
    condition.namespaceURI === saml &&
    ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'].includes(condition.localName)
  );
}

function readSubject(subject: Element): Assertion['subject'] {
  const [element, second] = childrenOf(subject, saml, 'NameID');
  if (element === undefined || second !== undefined) throw new SamlFailure('subject_refused', 'NameID');
  const format = attributeOf(element, 'Format');
  if (format === transientFormat) throw new SamlFailure('subject_refused', format);
  const nameId = valueOf(element);
  if (nameId.length > 256) throw new SamlFailure('subject_refused', 'length');
  const nameQualifier = attributeOf(element, 'NameQualifier');
  if (nameQualifier !== undefined && (!isPlain(nameQualifier) || nameQualifier.length > 700)) {
    throw new SamlFailure('subject_refused', 'NameQualifier');
  }
  return { nameId, format, nameQualifier };
}

function readConfirmation(element: Element): Confirmation {
  const data = optionalChild(element, 'SubjectConfirmationData');
  return {
    method: attributeOf(element, 'Method') ?? '',
    recipient: data && attributeOf(data, 'Recipient'),
    inResponseTo: data && attributeOf(data, 'InResponseTo'),
    notBefore: data && timeOf(data, 'NotBefore'),
    notOnOrAfter: data && timeOf(data, 'NotOnOrAfter'),
  };
}

/** The confirmations that say: whoever bears this assertion is its subject. */
export function bearersOf({ confirmations }: Assertion): Confirmation[] {
  return confirmations.filter(({ method }) => method === bearer);
}

function readStatement(element: Element): Statement {
  const context = onlyChild(element, saml, 'AuthnContext');
  const reference = optionalChild(context, 'AuthnContextClassRef');
  return {
    authenticatedAt: timeOf(element, 'AuthnInstant'),
    sessionNotOnOrAfter: timeOf(element, 'SessionNotOnOrAfter'),
    contextClass: reference && valueOf(reference),
  };
}

function readAttributes(element: Element): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const statement of childrenOf(element, saml, 'AttributeStatement')) {
    for (const attribute of childrenOf(statement, saml, 'Attribute')) {
      const name = attributeOf(attribute, 'Name') ?? refuse('Attribute');
      const values = childrenOf(attribute, saml, 'AttributeValue').map(textOf);
      // A value made of elements is one that nothing here reads; it must not pass for an empty text either.
      const texts = values.filter((value): value is string => value !== undefined);
      found.set(name, [...(found.get(name) ?? []), ...texts]);
    }
  }
  return found;
}

function optionalChild(element: Element, name: string): Element | undefined {
  return childrenOf(element, saml, name).length === 0 ? undefined : onlyChild(element, saml, name);
}

/** Text without anything around or within it that a reader would not see. */
function valueOf(element: Element): string {
  const value = textOf(element);
  if (value === undefined || !isPlain(value)) throw new SamlFailure('value_refused', element.localName);
  return value;
}

/** Not empty, no white space around it, no control or format character in it. Never trimmed: two values stay two. */
export function isPlain(value: string): boolean {
  return value !== '' && value.trim() === value && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(value);
}

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** SAML's times are UTC (core, section 1.3.3). One that cannot be read is refused, not taken for absent. */
function timeOf(element: Element, name: string): number | undefined {
  const text = attributeOf(element, name);
  if (text === undefined) return undefined;
  const time = instant.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new SamlFailure('structure_refused', name);
  return time;
}

function refuse(detail: string): never {
  throw new SamlFailure('structure_refused', detail);
}
