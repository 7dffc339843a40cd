/** Calls to servers that somebody else chose: everything that leaves this service goes through here. */
export { isPublicUnicast, type PrivateTarget } from './address.ts';
export { guardedDispatcher } from './dispatcher.ts';
export { OutboundError, type OutboundErrorCode } from './error.ts';
export { checkDestination, guardedFetch, type GuardedRequest } from './guardedFetch.ts';
export {
  outboundPolicy,
  type OutboundOptions,
  type OutboundPolicy,
  type OutboundTimeouts,
  type Resolve,
} from './policy.ts';
