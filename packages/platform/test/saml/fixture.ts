import {
  startIdentityProvider,
  type IdentityProvider,
  type Wish,
} from '../../../../test/peers/saml/identityProvider.ts';
import { acceptResponse, allRules, type Rules } from '../../src/identity/saml/response.ts';
import { SamlFailure } from '../../src/identity/saml/failure.ts';
import type { Expectation } from '../../src/identity/saml/checks.ts';

export const service = {
  acsUrl: 'https://bulkhead.example/sign-in/saml/c1/acs',
  audience: 'https://bulkhead.example/sign-in/saml/c1/metadata',
  requestId: '_3f1c9a',
};

/** Metadata of a service as pysaml2 needs it: where answers go. */
export const describeService = ({ audience, acsUrl }: { audience: string; acsUrl: string }): string =>
  `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${audience}">` +
  `<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` +
  `<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${acsUrl}" index="0"/>` +
  `</SPSSODescriptor></EntityDescriptor>`;

/** The identity provider of a test file, and a service that judges what comes from it. */
export type Scene = {
  provider: IdentityProvider;
  certificate: string;
  privateKey: string;
  expected: Expectation;
  /** A genuine response for ada. */
  genuine: (wish?: Partial<Wish>) => Promise<string>;
  judge: (xml: string, options?: Judging) => Verdict;
};

export type Judging = { rules?: Rules; certificates?: string[]; expected?: Partial<Expectation> };
/** Who is signed in, by name identifier; or the code of the refusal. */
export type Verdict = { signedIn: string } | { refused: string; detail: string | undefined };

export async function openScene(): Promise<Scene> {
  const provider = await startIdentityProvider();
  await provider.know(describeService(service));
  const certificate = await provider.certificate();
  const expected: Expectation = { ...service, entityId: provider.entityId, at: Date.now() };
  return {
    provider,
    certificate,
    privateKey: await provider.privateKey(),
    expected,
    genuine: (wish) =>
      provider.respond({
        acs: service.acsUrl,
        audience: service.audience,
        inResponseTo: service.requestId,
        ...wish,
      }),
    judge: (xml, { rules = allRules, certificates = [certificate], expected: other } = {}) => {
      const message = Buffer.from(xml).toString('base64');
      try {
        const input = { ...expected, ...other, certificates, message };
        return { signedIn: acceptResponse(input, rules).assertion.subject.nameId };
      } catch (error) {
        if (error instanceof SamlFailure) return { refused: error.code, detail: error.detail };
        throw error;
      }
    },
  };
}

/** The rules without some, by name, and with other parts in place of theirs. */
export function without(
  names: readonly string[],
  parts: Partial<Pick<Rules, 'verify' | 'read'>> = {},
): Rules {
  const rest = <T extends { name: string }>(rules: readonly T[]): T[] =>
    rules.filter(({ name }) => !names.includes(name));
  return {
    text: rest(allRules.text),
    structure: rest(allRules.structure),
    signature: rest(allRules.signature),
    checks: rest(allRules.checks),
    verify: allRules.verify,
    read: allRules.read,
    ...parts,
  };
}

export const ruleNames: readonly string[] = [
  ...allRules.text,
  ...allRules.structure,
  ...allRules.signature,
  ...allRules.checks,
].map(({ name }) => name);
