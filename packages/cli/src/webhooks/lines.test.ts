import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery, Endpoint } from '@bulkhead/platform/webhooks/out';
import { deliveryLine, endpointLine } from './lines.ts';

const at = new Date('2030-01-15T10:00:00Z');
const endpoint: Endpoint = {
  id: 'e1',
  url: 'https://hooks.example.com/in',
  description: '',
  eventTypes: null,
  createdAt: at,
  disabledAt: null,
  disabledReason: null,
  lastSuccessAt: null,
  failingSince: null,
  slow: false,
  pending: 2,
  dead: 1,
  secretCreatedAt: at,
  previousSecretEndsAt: null,
};
const delivery: Delivery = {
  id: 'd1',
  endpointId: 'e1',
  eventId: 'v1',
  type: 'books.invoice.submitted',
  bodyBytes: 100,
  state: 'pending',
  error: 'status_503',
  status: 503,
  attempts: 1,
  replays: 0,
  nextAttemptAt: at,
  createdAt: at,
  finishedAt: null,
};

test('endpoints and deliveries are told on one line each', () => {
  const head = 'e1  https://hooks.example.com/in';
  const tail = '2 waiting, 1 not delivered';
  assert.equal(endpointLine(endpoint), `${head}  every event  on  ${tail}`);
  assert.equal(
    endpointLine({ ...endpoint, eventTypes: ['a.b'], failingSince: at }),
    `${head}  a.b  failing since 2030-01-15T10:00:00.000Z  ${tail}`,
  );
  assert.equal(
    endpointLine({ ...endpoint, disabledReason: 'gone' }),
    `${head}  every event  off (gone)  ${tail}`,
  );
  const start = 'd1  2030-01-15T10:00:00.000Z  books.invoice.submitted';
  assert.equal(
    deliveryLine(delivery),
    `${start}  pending  status_503 after 1 attempt, next 2030-01-15T10:00:00.000Z`,
  );
  const done = {
    ...delivery,
    state: 'delivered',
    error: null,
    status: 200,
    attempts: 2,
    nextAttemptAt: null,
  } as const;
  assert.equal(deliveryLine(done), `${start}  delivered  answered 200 after 2 attempts`);
  assert.equal(
    deliveryLine({ ...done, status: null }),
    `${start}  delivered  no answer yet after 2 attempts`,
  );
});
