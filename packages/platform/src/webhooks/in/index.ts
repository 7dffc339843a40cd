export { SourceDirectory } from './directory.ts';
export type { DirectoryDependencies } from './directory.ts';
export { maximumAttempts, processEvents } from './process.ts';
export type { EventTenants, Processing, ServiceHandler, WebhookEvent, WebhookHandler } from './process.ts';
export { contentDays, listReceivedEvents, purgeReceived, replayEvents } from './received.ts';
export type { EventState, ReceivedEvent } from './received.ts';
export { WebhookReceiver } from './receiver.ts';
export type { AdmitEvent, Receipt, ReceiverDependencies } from './receiver.ts';
export { RefusalCounts, reportRefusals } from './refusals.ts';
export { billingSourceId, signatureWindow } from './source.ts';
export type { GenericSettings, SignedRequest, WebhookScheme, WebhookSource } from './source.ts';
export {
  changeSource,
  createSource,
  endSourceSecret,
  listSources,
  removeSource,
  rotateSource,
} from './sources.ts';
export type { ListedSource, ManagingSources, NewSource } from './sources.ts';
export { EventStore } from './store.ts';
export { verifyRequest } from './verify.ts';
export type { Verification, VerificationFailure, VerifiedEvent } from './verify.ts';
