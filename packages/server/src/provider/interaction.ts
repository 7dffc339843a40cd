import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Session } from '@bulkhead/platform/identity';
import type { StepUpWay } from '@bulkhead/platform/identity/factor';
import { findClient } from '@bulkhead/platform/identity/provider';
import { errors } from 'oidc-provider';
import type { InteractionResults, Provider } from 'oidc-provider';
import { Applications } from './applications.ts';
import type { ProviderHost } from './host.ts';

/** What stands between a person and the application they came from. */
export type NextStep =
  /** Nothing more: the browser goes on to this path of the provider. */
  | { next: 'continue'; location: string }
  /** Nobody is signed in. */
  | { next: 'sign_in'; application: string }
  /** Somebody is, but the application wants fresh proof. */
  | { next: 'prove_again'; application: string; acceptable: readonly StepUpWay[] }
  | { next: 'choose'; application: string; organisations: { id: string; name: string }[] }
  /** Unknown, used up or run out. */
  | { next: 'expired' };

export type InteractionRequest = {
  uid: string;
  request: IncomingMessage;
  response: ServerResponse;
  /** Of the console's own session cookie. */
  session: Session | null;
  /** How this session may be proved anew. */
  stepUpWays: (session: Session) => Promise<readonly StepUpWay[]>;
  /** The organisation the person chose. */
  tenant?: string | undefined;
};

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/**
 * Takes one step of an authorization request that needs the person. The session is the console's own; there is no
 * second way to sign in. Fresh proof (prompt=login, max_age) is judged by the session's time of proof alone.
 */
export async function takeStep(host: ProviderHost, step: InteractionRequest): Promise<NextStep> {
  const { uid, request, response, session, tenant } = step;
  const provider = await host.current();
  host.cookies.open(request, `/interaction/${uid}`);
  const interaction = await findInteraction(provider, { request, response });
  if (interaction?.uid !== uid) return { next: 'expired' };
  const clientId = String(interaction.params['client_id']);
  const client = await findClient(host.identity.pool, clientId);
  if (client === undefined) return { next: 'expired' };
  const application = client.name;
  if (session === null) return { next: 'sign_in', application };
  if (interaction.session !== undefined && interaction.session.accountId !== session.account.id) {
    // The browser session belongs to somebody else, whose sign-in is left alone.
    return finish(provider, { request, response }, refusal('another person is signed in'));
  }
  if (needsProof(interaction, { session, now: host.identity.clock() })) {
    return { next: 'prove_again', application, acceptable: await step.stepUpWays(session) };
  }
  const choice = await settleTenant(host, { interaction, session, clientId, tenant });
  if (choice === 'open') {
    const organisations = session.memberships.map(({ tenantId, tenantName }) => ({
      id: tenantId,
      name: tenantName,
    }));
    return { next: 'choose', application, organisations };
  }
  return finish(
    provider,
    { request, response },
    choice === 'refused' ? refusal('the person does not belong to this organisation') : signedIn(session),
  );
}

type Exchange = { request: IncomingMessage; response: ServerResponse };

async function findInteraction(
  provider: Provider,
  { request, response }: Exchange,
): Promise<Interaction | undefined> {
  try {
    return await provider.interactionDetails(request, response);
  } catch (error) {
    if (error instanceof errors.SessionNotFound) return undefined;
    throw error;
  }
}

async function finish(
  provider: Provider,
  { request, response }: Exchange,
  result: InteractionResults,
): Promise<NextStep> {
  const target = new URL(await provider.interactionResult(request, response, result));
  return { next: 'continue', location: target.pathname };
}

function refusal(description: string): InteractionResults {
  return { error: 'access_denied', error_description: description };
}

function signedIn(session: Session): InteractionResults {
  return {
    login: {
      accountId: session.account.id,
      ts: Math.floor(session.authenticatedAt.getTime() / 1000),
      amr: [...session.methods],
      ...(session.acr === null ? {} : { acr: session.acr }),
      remember: true,
      // For the adapter: what everything issued from here hangs on.
      session: session.id,
    },
    select_account: {},
  };
}

/** Whether the session's last proof is older than the application accepts. */
function needsProof(
  { prompt, params, iat }: Interaction,
  { session, now }: { session: Session; now: number },
): boolean {
  const provedAt = Math.floor(session.authenticatedAt.getTime() / 1000);
  const wants = new Set(prompt.reasons);
  if (wants.has('login_prompt') && provedAt < (iat ?? 0)) return true;
  if (!wants.has('max_age')) return false;
  // Proof given since the request began is as fresh as can be, whatever the age asked for.
  return provedAt < (iat ?? 0) && Math.floor(now / 1000) - provedAt > Number(params['max_age']);
}

type TenantQuestion = {
  interaction: Interaction;
  session: Session;
  clientId: string;
  tenant: string | undefined;
};

async function settleTenant(
  host: ProviderHost,
  { interaction, session, clientId, tenant }: TenantQuestion,
): Promise<'settled' | 'open' | 'refused'> {
  const asked = interaction.prompt.name === 'select_account';
  if (!asked) return 'settled';
  if (tenant === undefined) return session.memberships.length === 0 ? 'refused' : 'open';
  if (!session.memberships.some(({ tenantId }) => tenantId === tenant)) return 'refused';
  const applications = new Applications(host);
  await applications.settleTenant({ sessionId: session.id, clientId, tenantId: tenant }, interaction.grantId);
  return 'settled';
}
