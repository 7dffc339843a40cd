/** Webhooks sent: events queued with what they tell of, and delivered to tenants' own servers afterwards. */
export { testEvent, type EventKind } from './catalogue.ts';
export { deliverWebhooks, lease, type Lane, type WebhookDelivery } from './deliver.ts';
export {
  changeEndpoint,
  createEndpoint,
  listEndpoints,
  privateTargetsOf,
  readEndpoint,
  removeEndpoint,
  rotateSecret,
  sendTest,
  type Endpoint,
  type EndpointChanges,
  type EndpointDependencies,
  type NewEndpoint,
} from './endpoint.ts';
export { excerpt } from './excerpt.ts';
export {
  listAttempts,
  listDeliveries,
  replay,
  type Attempt,
  type Delivery,
  type DeliveryQuery,
  type DeliveryState,
  type Replay,
} from './log.ts';
export { purgeWebhooks, retention, tellOfDisabledEndpoint, type WebhookNotices } from './notice.ts';
export { maximumAttempts, retryWaits } from './retry.ts';
export { signatureHeaders } from './signature.ts';
