import { PlatformError } from '../../errors.ts';
import { parseEmail } from '../email.ts';
import { isPlain, type Assertion } from './assertion.ts';
import type { SamlConfig } from './config.ts';
import { SamlFailure } from './failure.ts';

/** What an accepted assertion says about a person, in this service's words. */
export type SamlClaims = {
  /** The same for the same person, another for any other, within the connection. */
  subject: string;
  /** As the provider vouches for it; whether it may is decided by the connection's proved domains. */
  email: string;
  name: string | undefined;
  groups: readonly string[];
  /** RFC 8176 amr values. */
  methods: readonly string[];
  /** The provider's session ends then; milliseconds since the epoch. */
  sessionEndsAt: number | undefined;
};

/** Attributes that carry an address: X.500 by oid, WS-Federation, and the words people write. */
const usualEmail = [
  'urn:oid:0.9.2342.19200300.100.1.3',
  'urn:oid:1.2.840.113549.1.9.1',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
  'email',
  'mail',
  'emailAddress',
];

const usualName = [
  'urn:oid:2.16.840.1.113730.3.1.241',
  'http://schemas.microsoft.com/identity/claims/displayname',
  'displayName',
  'name',
  'urn:oid:2.5.4.3',
  'cn',
];

/** AuthnContext classes that say a second factor was used: REFEDS, Microsoft, and SAML's own two-factor classes. */
const multiFactor: ReadonlySet<string> = new Set([
  'https://refeds.org/profile/mfa',
  'http://schemas.microsoft.com/claims/multipleauthn',
  'urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract',
  'urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered',
  'urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI',
]);

const passwords: ReadonlySet<string> = new Set([
  'urn:oasis:names:tc:SAML:2.0:ac:classes:Password',
  'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport',
]);

/** Entra's list of how somebody signed in, whatever the class says. */
const methodsAttribute = 'http://schemas.microsoft.com/claims/authnmethodsreferences';

const emailFormat = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const mostGroups = 1000;

/**
 * @param options.groupsAttribute the connection's `role_claim`
 * @throws SamlFailure value_refused when there is not exactly one usable address
 */
export function readClaims(
  assertion: Assertion,
  { config, groupsAttribute }: { config: SamlConfig; groupsAttribute: string | null },
): SamlClaims {
  const contexts = assertion.statements.flatMap(({ contextClass }) => contextClass ?? []);
  const { attributes } = assertion;
  const vouched = [...contexts, ...(attributes.get(methodsAttribute) ?? [])];
  const usedTwo = config.trustsMultiFactor && vouched.some((word) => multiFactor.has(word));
  const ends = assertion.statements.flatMap(({ sessionNotOnOrAfter }) => sessionNotOnOrAfter ?? []);
  const groups = groupsAttribute === null ? [] : (attributes.get(groupsAttribute) ?? []);
  return {
    subject: subjectOf(assertion),
    email: emailOf(assertion, config.emailAttribute),
    name: nameOf(assertion, config.nameAttribute),
    groups: groups.filter((group) => isPlain(group) && group.length <= 200).slice(0, mostGroups),
    methods: [...(contexts.some((word) => passwords.has(word)) ? ['pwd'] : []), ...(usedTwo ? ['mfa'] : [])],
    sessionEndsAt: ends.length === 0 ? undefined : Math.min(...ends),
  };
}

// A qualifier that is not the provider itself means that names are unique below it only. No name holds a line end.
function subjectOf({ issuer, subject }: Assertion): string {
  const { nameId, format, nameQualifier } = subject;
  const name = format === emailFormat ? address(nameId) : nameId;
  return nameQualifier === undefined || nameQualifier === issuer ? name : `${nameQualifier}\n${name}`;
}

function emailOf({ attributes, subject }: Assertion, wanted: string | null): string {
  const found = single(attributes, wanted === null ? usualEmail : [wanted]);
  if (found !== undefined) return address(found);
  if (wanted !== null) throw new SamlFailure('value_refused', wanted);
  return address(subject.nameId);
}

function nameOf({ attributes }: Assertion, wanted: string | null): string | undefined {
  const name = single(attributes, wanted === null ? usualName : [wanted]);
  return name === undefined || name.length > 200 ? undefined : name;
}

/** The value of the first of these attributes that is there. It has one value, or nobody can say which is meant. */
function single(attributes: Assertion['attributes'], names: readonly string[]): string | undefined {
  const name = names.find((candidate) => attributes.has(candidate));
  if (name === undefined) return undefined;
  const [value, second] = attributes.get(name) ?? [];
  if (value === undefined || second !== undefined || !isPlain(value))
    throw new SamlFailure('value_refused', name);
  return value;
}

/** In its one form: an address is the same person's in any case (T-39). */
function address(text: string): string {
  try {
    return parseEmail(text).normalised;
  } catch (cause) {
    if (cause instanceof PlatformError) throw new SamlFailure('value_refused', 'email', { cause });
    throw cause;
  }
}
