import { randomUuid } from '../../random.ts';
import type { SignInOutcome } from '../completeSignIn.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import type { Device } from '../session.ts';
import { beginFlow, keepAnswer, openFlow, type SignInFlow } from '../singleSignOn/flow.ts';
import { signInWithAssertion } from '../singleSignOn/signIn.ts';
import { serviceAddresses } from './addresses.ts';
import { readClaims } from './claims.ts';
import { readSamlConnection } from './connection.ts';
import { SamlFailure } from './failure.ts';
import { samlKey } from './key.ts';
import { spendAssertion } from './replay.ts';
import { createRequest, type SignOnRequest } from './request.ts';
import { acceptResponse } from './response.ts';
import { largestMessage } from './text.ts';

/** A step of a sign-in. */
export type SamlStep = {
  /** From the address, unverified. */
  connectionId: string;
  /** Of this service, from configuration. */
  origin: string;
};

/**
 * Begins a sign-in: a signed request for the provider, and a cookie that ties the answer to this browser.
 *
 * @param step.returnPath where to go afterwards; what is no path of the console becomes `/`
 * @throws SamlFailure connection_unusable
 */
export async function beginSaml(
  identity: IdentityDependencies,
  { connectionId, origin, returnPath }: SamlStep & { returnPath: string },
): Promise<{ request: SignOnRequest; cookie: string }> {
  const connection = await readSamlConnection(identity, connectionId);
  const key = await samlKey(identity);
  // An XML ID begins with no digit (xs:NCName).
  const requestId = `_${randomUuid(identity.randomBytes).replaceAll('-', '')}`;
  const { state, cookie } = await beginFlow(identity, {
    target: { connectionId },
    returnPath,
    secrets: { requestId },
  });
  const request = await createRequest({
    signOn: connection.signOn,
    ...serviceAddresses(origin, connectionId),
    requestId,
    relayState: state,
    ...key,
  });
  return { request, cookie };
}

/**
 * Takes the provider's answer, which a page of the provider posts: a browser sends none of our cookies along, so it is
 * only kept, for the browser that comes with its cookie in the next step. The first answer to a flow stays.
 *
 * @throws SamlFailure too_large, flow_unknown
 */
export async function keepSamlAnswer(
  identity: IdentityDependencies,
  { state, message }: { state: string; message: string },
): Promise<void> {
  if (message.length > largestMessage * 2) throw new SamlFailure('too_large');
  await keepAnswer(identity, { state, answer: message });
}

export type SamlReturn = SamlStep & {
  /** As they came back: the address's `state`, and the flow cookie's value. */
  state: string;
  cookie: string | undefined;
  device: Device;
};

/**
 * Ends a sign-in, in the browser it began in: judges the answer that was kept, and hands what it says to the one way
 * from an assertion to a session. The flow and the assertion's ID are spent in the transaction that starts the session.
 *
 * @throws SamlFailure for whatever is wrong with the answer; PlatformError for what the account or the tenant forbids
 */
export async function finishSaml(
  identity: IdentityDependencies,
  { connectionId, origin, state, cookie, device }: SamlReturn,
): Promise<{ outcome: SignInOutcome; returnPath: string }> {
  const flow = await openFlow(identity, { state, cookie });
  const { answer, target, returnPath } = flow;
  const requestId = flow.secrets['requestId'];
  if (!('connectionId' in target) || target.connectionId !== connectionId || answer === null || !requestId) {
    throw new SamlFailure('flow_unknown');
  }
  try {
    const outcome = await honour(identity, { flow, answer, requestId, connectionId, origin, device });
    return { outcome, returnPath };
  } catch (failure) {
    if (failure instanceof SamlFailure) await recordRefusal(identity, { connectionId, failure, device });
    throw failure;
  }
}

type Answer = SamlStep & { flow: SignInFlow; answer: string; requestId: string; device: Device };

async function honour(
  identity: IdentityDependencies,
  { flow, answer, requestId, connectionId, origin, device }: Answer,
): Promise<SignInOutcome> {
  const connection = await readSamlConnection(identity, connectionId);
  const { assertion, rememberUntil } = acceptResponse({
    message: answer,
    certificates: connection.certificates,
    entityId: connection.entityId,
    ...serviceAddresses(origin, connectionId),
    requestId,
    at: identity.clock(),
  });
  const { subject, email, name, groups, methods, sessionEndsAt } = readClaims(assertion, connection);
  return signInWithAssertion(identity, {
    flow,
    device,
    assertion: {
      issuer: connection.entityId,
      subject,
      email,
      // Whether the provider may vouch for the address is decided by the domains its tenant proved.
      emailVerified: true,
      name: name ?? null,
      groups,
      methods,
      endsAt: sessionEndsAt,
    },
    within: (client) =>
      spendAssertion(client, { connectionId, assertionId: assertion.id, until: rememberUntil }),
  });
}

/** Writes a refused answer into the chains of the connection's tenant and of the service, with its code. */
async function recordRefusal(
  { pool }: IdentityDependencies,
  { connectionId, failure, device }: { connectionId: string; failure: SamlFailure; device: Device },
): Promise<void> {
  const { code, detail, message } = failure;
  await pool.query('select identity.record_saml_refusal($1, $2, $3)', [
    connectionId,
    JSON.stringify({ protocol: 'saml', code, message, ...(detail === undefined ? {} : { found: detail }) }),
    JSON.stringify({ id: device.requestId, ip: device.ip, agent: device.userAgent }),
  ]);
}
