import assert from 'node:assert/strict';
import pg from 'pg';
import type { IdentityDependencies, SignInOutcome } from '../src/identity/index.ts';
import { readSession } from '../src/identity/readSession.ts';
import type { ProviderAssertion } from '../src/identity/singleSignOn/assertion.ts';
import {
  changeConnection,
  createConnection,
  type Connection,
  type ConnectionChanges,
} from '../src/identity/singleSignOn/connection.ts';
import { beginFlow, openFlow, type FlowTarget, type SignInFlow } from '../src/identity/singleSignOn/flow.ts';
import { signInWithAssertion } from '../src/identity/singleSignOn/signIn.ts';
import { openFixture, type Fixture, type Person } from './fixture.ts';
import { proveDomain, ruled } from './oidc/organisation.ts';

export const device = { ip: '192.0.2.7' };

/** A tenant with a connection that is on and a domain it proved. */
export type Tenant = { owner: Person; domain: string; domainId: string; connectionId: string };

/** What a provider might say about an address. */
export type Claim = Partial<ProviderAssertion> & { email: string };

export function asserted(claim: Claim): ProviderAssertion {
  return {
    issuer: 'https://issuer.example',
    subject: claim.email,
    emailVerified: true,
    name: 'Ada',
    groups: [],
    methods: [],
    ...claim,
  };
}

/** Tenants with providers of their own, who say what a test lets them say. */
export class SingleSignOnScene {
  readonly fixture: Fixture;
  readonly identity: IdentityDependencies;
  readonly superuser: pg.Client;
  readonly worker: pg.Pool;
  #tenants = 0;

  constructor(fixture: Fixture, superuser: pg.Client) {
    this.fixture = fixture;
    this.identity = ruled(fixture.identity);
    this.superuser = superuser;
    this.worker = new pg.Pool(fixture.database.connections.worker);
  }

  static async open(): Promise<SingleSignOnScene> {
    const fixture = await openFixture();
    return new SingleSignOnScene(fixture, await fixture.connect('superuser'));
  }

  async close(): Promise<void> {
    await this.worker.end();
    await this.fixture.close();
  }

  parts = ({ session }: Person) => ({
    session,
    cipher: this.identity.cipher,
    randomBytes: this.identity.randomBytes,
  });

  change = ({ owner, connectionId }: Tenant, changes: ConnectionChanges): Promise<Connection> =>
    changeConnection(this.parts(owner), { connectionId, changes });

  openTenant = async (changes: ConnectionChanges = {}): Promise<Tenant> => {
    this.#tenants += 1;
    const owner = await this.fixture.person();
    const domain = `tenant-${this.#tenants}.example`;
    const secret = 'the client’s secret';
    const { connectionId } = await createConnection(this.parts(owner), {
      protocol: 'oidc',
      name: 'Own',
      config: {},
      secret,
    });
    const domainId = await proveDomain(this.identity, { owner, domain });
    const tenant = { owner, domain, domainId, connectionId };
    await this.change(tenant, { enabled: true, justInTime: true, ...changes });
    return tenant;
  };

  flowOf = async (
    target: FlowTarget,
    link?: { accountId: string; sessionId: string },
  ): Promise<SignInFlow> => {
    const secrets = { nonce: 'n' };
    const begun = await beginFlow(this.identity, { target, link, returnPath: '/', secrets });
    return openFlow(this.identity, begun);
  };

  enter = async ({ connectionId }: Pick<Tenant, 'connectionId'>, claim: Claim): Promise<SignInOutcome> => {
    const flow = await this.flowOf({ connectionId });
    return signInWithAssertion(this.identity, { flow, assertion: asserted(claim), device });
  };

  /** The tenants that the session of an outcome reaches now. */
  reached = async (outcome: SignInOutcome): Promise<string[]> => {
    assert.ok(outcome.kind === 'session', outcome.kind);
    this.identity.sessions.forgetAccount(outcome.session.accountId);
    const session = await readSession(this.identity, outcome.session.token);
    return session?.memberships.map(({ tenantId }) => tenantId) ?? ['no session'];
  };

  /** Somebody of the tenant's domain with a tenant of their own besides. */
  insider = ({ domain }: Tenant, name: string): Promise<Person> =>
    this.fixture.person({ email: `${name}@${domain}` });

  /** Changes a function of the schema. @returns the statement that puts it back */
  inFunction = async (signature: string, from: string, to: string): Promise<string> => {
    const { rows } = await this.superuser.query<{ text: string }>(
      'select pg_get_functiondef($1::regprocedure) as text',
      [signature],
    );
    const text = rows[0]?.text ?? '';
    assert.equal(text.split(from).length, 2, `${signature} holds: ${from}`);
    await this.superuser.query(text.replace(from, to));
    return text;
  };
}
