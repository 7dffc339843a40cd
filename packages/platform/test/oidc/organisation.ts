import type { IdentityDependencies } from '../../src/identity/index.ts';
import {
  changeConnection,
  createConnection,
  type ConnectionChanges,
} from '../../src/identity/singleSignOn/connection.ts';
import { addDomain, listDomains, verifyDomain } from '../../src/identity/singleSignOn/domain.ts';
import { singleSignOnRule } from '../../src/identity/singleSignOn/enforcement.ts';
import { OidcClients } from '../../src/identity/singleSignOn/oidc/clients.ts';
import {
  beginOidc,
  finishOidc,
  type OidcDependencies,
  type OidcOutcome,
  type OidcProvider,
} from '../../src/identity/singleSignOn/oidc/signIn.ts';
import { secondFactorRule } from '../../src/identity/factor/index.ts';
import type { Fixture, Person } from '../fixture.ts';
import { openIssuer, type Issuer, type IssuerPerson } from './issuer.ts';

export const origin = 'https://app.bulkhead.example';
const device = { ip: '192.0.2.7', userAgent: 'a browser' };

/** A tenant whose people sign in at an issuer of its own, by addresses of a domain it proved. */
export type Organisation = {
  owner: Person;
  domain: string;
  connectionId: string;
  issuer: Issuer;
  oidc: OidcDependencies;
  begin: () => Promise<Begun>;
  comeBack: (begun: Begun, returned: URL, cookie?: string) => Promise<OidcOutcome>;
  /** The whole way, as this person of the issuer's. */
  enter: (person: IssuerPerson) => Promise<OidcOutcome>;
  change: (changes: ConnectionChanges) => Promise<void>;
};

export type Begun = { url: string; cookie: string };

let organisations = 0;

/** Rules as the server asks them. */
export function ruled(identity: IdentityDependencies): IdentityDependencies {
  return { ...identity, signInRules: [singleSignOnRule, secondFactorRule] };
}

export async function openOrganisation(
  fixture: Fixture,
  options: { owner?: Person; claimsInToken?: boolean; identity?: IdentityDependencies } = {},
): Promise<Organisation> {
  // The issuer lives in the present.
  fixture.advance(Date.now() - fixture.identity.clock());
  const identity = options.identity ?? ruled(fixture.identity);
  organisations += 1;
  const domain = `keel-${organisations}.example`;
  const owner = options.owner ?? (await fixture.person());
  const { session } = owner;
  const parts = { session, cipher: identity.cipher, randomBytes: identity.randomBytes };
  const { connectionId } = await createConnection(parts, {
    protocol: 'oidc',
    name: 'Keel',
    config: {},
    secret: null,
  });
  const issuer = await openIssuer({
    redirects: [`${origin}/sign-in/oidc/callback/${connectionId}`],
    claimsInToken: options.claimsInToken ?? true,
  });
  const change = async (changes: ConnectionChanges): Promise<void> => {
    await changeConnection(parts, { connectionId, changes });
  };
  const config = { issuer: issuer.url, clientId: issuer.clientId };
  await changeConnection(parts, {
    connectionId,
    changes: { config, enabled: true, justInTime: true, roleClaim: 'groups' },
    secret: issuer.secret,
  });
  await proveDomain(identity, { owner, domain });
  const oidc = dependencies(identity, issuer);
  const way = wayIn(oidc, issuer, connectionId);
  return { owner, domain, connectionId, issuer, oidc, change, ...way };
}

/** An issuer that the operator configured for everybody. */
export async function openProvider(
  fixture: Fixture,
  more: Partial<OidcProvider> = {},
): Promise<
  Pick<Organisation, 'issuer' | 'oidc' | 'begin' | 'comeBack' | 'enter'> & { provider: OidcProvider }
> {
  fixture.advance(Date.now() - fixture.identity.clock());
  const issuer = await openIssuer({
    name: 'accounts.example.net',
    redirects: [`${origin}/sign-in/oidc/callback/example`],
  });
  const provider: OidcProvider = {
    name: 'example',
    label: 'Example',
    issuer: issuer.url,
    clientId: issuer.clientId,
    secret: issuer.secret,
    scopes: ['email', 'profile'],
    emailVerification: 'claim',
    trustsMultiFactor: false,
    ...more,
  };
  const oidc = { ...dependencies(ruled(fixture.identity), issuer), providers: [provider] };
  return { issuer, oidc, provider, ...wayIn(oidc, issuer, 'example') };
}

function dependencies(identity: IdentityDependencies, issuer: Issuer): OidcDependencies {
  const clients = new OidcClients({ clock: identity.clock, outbound: issuer.outbound });
  return { identity, clients, providers: [], origin: () => origin };
}

function wayIn(
  oidc: OidcDependencies,
  issuer: Issuer,
  key: string,
): Pick<Organisation, 'begin' | 'comeBack' | 'enter'> {
  const begin = (): Promise<Begun> => beginOidc(oidc, { key, returnPath: '/members' });
  const comeBack: Organisation['comeBack'] = (begun, returned, cookie = begun.cookie) =>
    finishOidc(oidc, { key, query: returned.searchParams, cookie, device });
  return {
    begin,
    comeBack,
    enter: async (person) => {
      issuer.person = person;
      const begun = await begin();
      return comeBack(begun, await issuer.visit(begun.url));
    },
  };
}

/** Proves a domain as its owner does, with a resolver that says what the DNS would. */
export async function proveDomain(
  identity: IdentityDependencies,
  { owner, domain }: { owner: Person; domain: string },
): Promise<string> {
  const { session, accountId, tenantId } = owner;
  const { domainId } = await addDomain({ session, randomBytes: identity.randomBytes }, { name: domain });
  const found = (await listDomains(session)).find(({ id }) => id === domainId);
  const resolveTxt = (): Promise<string[][]> => Promise.resolve([[found?.record.value ?? '']]);
  await verifyDomain(identity, { resolveTxt }, { domainId, accountId, tenantId });
  return domainId;
}

/** The session an outcome started. */
export function sessionOf({ outcome }: OidcOutcome): { token: string; sessionId: string; accountId: string } {
  if (outcome.kind !== 'session') throw new Error(`expected a session, got ${outcome.kind}`);
  return outcome.session;
}
