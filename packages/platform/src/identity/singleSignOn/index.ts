/** Single sign-on: what OpenID Connect and SAML share, and OpenID Connect itself. */
export type { ProviderAssertion } from './assertion.ts';
export {
  changeConnection,
  createConnection,
  listConnections,
  loadConnection,
  readConnection,
  removeConnection,
  type Connection,
  type ConnectionChanges,
  type Protocol,
  type RoleMapping,
  type UsableConnection,
} from './connection.ts';
export { findConnections } from './discover.ts';
export {
  addDomain,
  listDomains,
  normaliseDomain,
  removeDomain,
  verifyDomain,
  type Domain,
  type ResolveTxt,
} from './domain.ts';
export { singleSignOnRule } from './enforcement.ts';
export {
  beginFlow,
  flowLife,
  keepAnswer,
  openFlow,
  safeReturnPath,
  type FlowSecrets,
  type SignInFlow,
} from './flow.ts';
export { listLinks, removeLink, type ProviderLink } from './link.ts';
export {
  beginOidc,
  finishOidc,
  redirectAddress,
  type OidcBegin,
  type OidcDependencies,
  type OidcOutcome,
  type OidcProvider,
  type OidcReturn,
} from './oidc/signIn.ts';
export { issuerUrl, oidcConfig, type OidcConfig } from './oidc/config.ts';
export { OidcClients } from './oidc/clients.ts';
export { purgeFlows, recheckDomains } from './recheckDomains.ts';
export { linkWithAssertion, signInWithAssertion, type AssertedSignIn } from './signIn.ts';
export { readSignInPolicy, setSignInPolicy, type SignInPolicy } from './signInPolicy.ts';
