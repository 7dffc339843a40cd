/** Calls between services: who a call is for, signed for one request. Without dependencies; see docs/service-token.md. */
export { digestOfCall, digestOfRequest, type ServiceCall } from './call.ts';
export { longestToken, type ActorKind, type ServiceUser } from './format.ts';
export { MemoryReplays, type Replays } from './replays.ts';
export { ServiceSigner, serviceTokenHeader, type ServiceKey } from './signer.ts';
export {
  serviceClockSkew,
  serviceTokenLife,
  ServiceTokenError,
  ServiceVerifier,
  type ServiceRefusal,
  type ServiceVerifierOptions,
  type VerifiedCall,
} from './verifier.ts';
