import type { Client } from '../client/api.ts';

export type Endpoint = Awaited<ReturnType<Client['webhookEndpoint']['list']>>['endpoints'][number];
export type Delivery = Awaited<ReturnType<Client['webhookEndpoint']['deliveries']>>['deliveries'][number];
export type DeliveryState = Delivery['state'];
export type Attempt = Awaited<ReturnType<Client['webhookEndpoint']['attempts']>>['attempts'][number];
export type EventKind = Awaited<ReturnType<Client['webhookEndpoint']['events']>>['events'][number];
