import { isolationHandlers } from '../isolation/handlers.ts';
import { secretHandlers } from '../secrets/handlers.ts';
import { usageHandlers } from '../usage/handlers.ts';
import { allowedOriginHandlers } from './allowedOrigin.ts';
import { applicationHandlers } from './application.ts';
import { apiKeyHandlers } from './apiKey.ts';
import { auditHandlers } from './audit.ts';
import { billingHandlers } from './billing.ts';
import { companyHandlers } from './company.ts';
import type { HandlerDependencies } from './dependencies.ts';
import { factorHandlers } from './factor.ts';
import { identityProviderHandlers } from './identityProvider.ts';
import { inviteHandlers } from './invite.ts';
import { ledgerHandlers } from './ledger.ts';
import { linkHandlers } from './link.ts';
import { mailHandlers } from './mail.ts';
import { memberHandlers } from './member.ts';
import { operatorHandlers } from './operator.ts';
import { proofHandlers } from './proof.ts';
import { samlHandlers } from './saml.ts';
import { sessionHandlers } from './session.ts';
import { sourceHandlers } from './source.ts';
import { connectionHandlers, domainHandlers, signInPolicyHandlers } from './singleSignOn.ts';
import { tenantHandlers } from './tenant.ts';
import { tokenHandlers } from './token.ts';
import { webhookEndpointHandlers } from './webhookEndpoint.ts';

export type { HandlerDependencies } from './dependencies.ts';

/** The platform's own router. */
export function platformRouter(dependencies: HandlerDependencies) {
  return {
    session: { ...sessionHandlers(dependencies), ...proofHandlers(dependencies) },
    tokens: tokenHandlers(dependencies),
    factor: factorHandlers(dependencies),
    ...linkHandlers(dependencies),
    mail: mailHandlers(dependencies.mail),
    tenant: tenantHandlers(dependencies),
    company: companyHandlers(),
    member: memberHandlers(dependencies),
    invite: inviteHandlers(dependencies),
    apiKey: apiKeyHandlers(dependencies),
    allowedOrigin: allowedOriginHandlers(),
    webhookEndpoint: webhookEndpointHandlers(dependencies.webhookSending),
    operator: operatorHandlers(dependencies),
    application: applicationHandlers(dependencies),
    saml: samlHandlers(dependencies.saml),
    connection: connectionHandlers(dependencies),
    domain: domainHandlers(dependencies),
    signInPolicy: signInPolicyHandlers(dependencies),
    identityProvider: identityProviderHandlers(dependencies),
    source: sourceHandlers(dependencies),
    billing: billingHandlers(dependencies),
    audit: { ...auditHandlers(dependencies), ...ledgerHandlers() },
    isolation: isolationHandlers(dependencies.isolation),
    usage: usageHandlers(dependencies.usage),
    secret: secretHandlers(dependencies.secrets),
  };
}
