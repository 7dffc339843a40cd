import {
  startIdentityProvider,
  type IdentityProvider,
  type Wish,
} from '../../../../test/peers/saml/identityProvider.ts';
import { uploadMetadata } from '../../src/identity/saml/administer.ts';
import { serviceAddresses } from '../../src/identity/saml/addresses.ts';
import { samlKey } from '../../src/identity/saml/key.ts';
import { serviceMetadata } from '../../src/identity/saml/serviceMetadata.ts';
import { beginSaml, finishSaml, keepSamlAnswer } from '../../src/identity/saml/signIn.ts';
import type { IdentityDependencies } from '../../src/identity/index.ts';
import { changeConnection, createConnection } from '../../src/identity/singleSignOn/connection.ts';
import { addDomain, listDomains, verifyDomain } from '../../src/identity/singleSignOn/domain.ts';
import type { Fixture, Person } from '../fixture.ts';

export const origin = 'https://bulkhead.example';

export type OrganisationOptions = {
  /** Of the service. Default `origin`. */
  origin?: string;
  /** Of the server that is to read what is stored here. Default: the fixture's. */
  cipher?: IdentityDependencies['cipher'];
};

/** A tenant whose people sign in at pysaml2, by addresses of a domain it proved. */
export type Organisation = {
  fixture: Fixture;
  provider: IdentityProvider;
  owner: Person;
  connectionId: string;
  domain: string;
  /** Begins a sign-in; what the browser would carry, and the provider be asked. */
  begin: () => Promise<Begun>;
  /** The provider's answer to it, Base64. */
  answer: (begun: Begun, wish?: Partial<Wish>) => Promise<string>;
  /** Keeps the answer and comes back with the cookie. */
  comeBack: (begun: Begun, message: string, as?: IdentityDependencies) => ReturnType<typeof finishSaml>;
};

export type Begun = { state: string; cookie: string; requestId: string };

export async function openOrganisation(
  fixture: Fixture,
  { origin: base = origin, cipher = fixture.identity.cipher }: OrganisationOptions = {},
): Promise<Organisation> {
  const provider = await startIdentityProvider();
  fixture.advance(Date.now() + 1000 - fixture.identity.clock());
  const owner = await fixture.person();
  const identity = { ...fixture.identity, cipher };
  await proveDomain(fixture, { owner, domain });
  const connectionId = await connect(identity, { owner, provider });
  const { audience, acsUrl } = serviceAddresses(base, connectionId);
  const { certificate, privateKey } = await samlKey(identity);
  await provider.know(serviceMetadata({ audience, acsUrl, certificates: [certificate], privateKey }));
  return {
    fixture,
    provider,
    owner,
    connectionId,
    domain,
    begin: () => {
      // pysaml2 lives in the present.
      fixture.advance(Math.max(0, Date.now() - fixture.identity.clock()));
      return begin(identity, { connectionId, origin: base });
    },
    answer: async ({ requestId }, wish = {}) => {
      const { user = 'ada' } = wish;
      const attributes = { mail: [`${user}@${domain}`], displayName: [user] };
      const common = { acs: acsUrl, audience, inResponseTo: requestId, attributes };
      return Buffer.from(await provider.respond({ ...common, ...wish })).toString('base64');
    },
    comeBack: async ({ state, cookie }, message, as = identity) => {
      await keepSamlAnswer(as, { state, message });
      return finishSaml(as, { connectionId, origin: base, state, cookie, device: { ip: '192.0.2.7' } });
    },
  };
}

const domain = 'keel.example';

/** A connection to the provider, on, by which people join. */
async function connect(
  { randomBytes, cipher, clock }: IdentityDependencies,
  { owner: { session }, provider }: { owner: Person; provider: IdentityProvider },
): Promise<string> {
  const parts = { session, cipher, randomBytes };
  const made = { protocol: 'saml', name: 'pysaml2', config: {}, secret: null } as const;
  const { connectionId } = await createConnection(parts, made);
  const document = Buffer.from(await provider.metadata());
  await uploadMetadata(session, { connectionId, at: clock(), document });
  await changeConnection(parts, { connectionId, changes: { enabled: true, justInTime: true } });
  return connectionId;
}

/** Begins a sign-in and shows the request to the provider, which says its ID. */
async function begin(
  identity: IdentityDependencies,
  step: { connectionId: string; origin: string },
): Promise<Begun> {
  const { request, cookie } = await beginSaml(identity, { ...step, returnPath: '/members' });
  if (request.binding !== 'redirect') throw new Error('pysaml2 offers the Redirect binding');
  const asked = await fetch(request.url, { headers: { accept: 'application/json' } });
  const { id } = (await asked.json()) as { id: string };
  return { state: new URL(request.url).searchParams.get('RelayState') ?? '', cookie, requestId: id };
}

/** Proves a domain as its owner does, with a resolver that says what the DNS would. */
export async function proveDomain(
  { identity }: Fixture,
  { owner, domain }: { owner: Person; domain: string },
): Promise<void> {
  const { session, accountId, tenantId } = owner;
  const { domainId } = await addDomain({ session, randomBytes: identity.randomBytes }, { name: domain });
  const found = (await listDomains(session)).find(({ id }) => id === domainId);
  const resolveTxt = () => Promise.resolve([[found?.record.value ?? '']]);
  await verifyDomain(identity, { resolveTxt }, { domainId, accountId, tenantId });
}
