import { allowedOriginContract } from './allowedOrigin.ts';
import { applicationContract } from './application.ts';
import { apiKeyContract } from './apiKey.ts';
import { auditContract } from './audit.ts';
import { billingContract } from './billing.ts';
import { companyContract } from './company.ts';
import { factorContract } from './factor.ts';
import { inviteContract } from './invite.ts';
import { isolationContract } from './isolation.ts';
import {
  emailChangeContract,
  emailVerificationContract,
  magicLinkContract,
  passwordContract,
  passwordResetContract,
  signUpContract,
} from './link.ts';
import { ledgerContract } from './ledger.ts';
import { mailContract } from './mail.ts';
import { memberContract } from './member.ts';
import { proofContract } from './proof.ts';
import { operatorContract } from './operator.ts';
import { samlContract } from './saml.ts';
import { secretContract } from './secret.ts';
import { sessionContract } from './session.ts';
import { sourceContract } from './source.ts';
import {
  connectionContract,
  domainContract,
  identityProviderContract,
  signInPolicyContract,
} from './singleSignOn.ts';
import { tenantContract } from './tenant.ts';
import { tokenContract } from './token.ts';
import { usageContract } from './usage.ts';
import { webhookEndpointContract } from './webhookEndpoint.ts';

export * from './errors.ts';
export * from './fields.ts';
export { procedure } from './procedure.ts';
export type { ProcedureMeta, RateClass, Requirement } from './procedure.ts';

/** The platform's own procedures; a module's are mounted beside them under the module's name. */
export const platformContract = {
  session: { ...sessionContract, ...proofContract },
  tokens: tokenContract,
  factor: factorContract,
  signUp: signUpContract,
  password: passwordContract,
  passwordReset: passwordResetContract,
  magicLink: magicLinkContract,
  emailVerification: emailVerificationContract,
  emailChange: emailChangeContract,
  mail: mailContract,
  tenant: tenantContract,
  company: companyContract,
  member: memberContract,
  invite: inviteContract,
  apiKey: apiKeyContract,
  allowedOrigin: allowedOriginContract,
  operator: operatorContract,
  application: applicationContract,
  saml: samlContract,
  connection: connectionContract,
  domain: domainContract,
  signInPolicy: signInPolicyContract,
  identityProvider: identityProviderContract,
  source: sourceContract,
  billing: billingContract,
  audit: { ...auditContract, ...ledgerContract },
  isolation: isolationContract,
  usage: usageContract,
  secret: secretContract,
  webhookEndpoint: webhookEndpointContract,
};

/** Type of the platform's contract, for a client that imports types only. */
export type PlatformContract = typeof platformContract;
