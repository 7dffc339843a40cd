import * as z from 'zod';
import type { CatalogueEvent } from './catalogue.ts';

/** An entry of an OpenAPI 3.1 document's `webhooks`. */
export type WebhookItem = {
  post: {
    operationId: string;
    summary: string;
    tags: string[];
    parameters: {
      name: string;
      in: 'header';
      required: true;
      description: string;
      schema: { type: 'string' };
    }[];
    requestBody: { required: true; content: { 'application/json': { schema: object } } };
    responses: Record<string, { description: string }>;
  };
};

const headers = {
  'webhook-id': 'The same in every attempt and every replay: process each once.',
  'webhook-timestamp': 'Seconds since the epoch, of this attempt. Refuse what is older than five minutes.',
  'webhook-signature':
    'v1, and base64 of HMAC-SHA256 over id.timestamp.body; two of them while a secret is rotated.',
};

/** The event catalogue as OpenAPI tells of it: what an endpoint receives, and what it should answer. */
export function webhooksIn(catalogue: readonly CatalogueEvent[]): Record<string, WebhookItem> {
  return Object.fromEntries(catalogue.map((event) => [event.type, toItem(event)]));
}

function toItem({ type, description, schema }: CatalogueEvent): WebhookItem {
  const body = z.object({ type: z.literal(type), timestamp: z.iso.datetime(), data: schema });
  return {
    post: {
      operationId: `webhook.${type}`,
      summary: description,
      tags: ['Events sent to endpoints'],
      parameters: Object.entries(headers).map(([name, text]) => ({
        name,
        in: 'header',
        required: true,
        description: text,
        schema: { type: 'string' },
      })),
      requestBody: { required: true, content: { 'application/json': { schema: z.toJSONSchema(body) } } },
      responses: {
        '2XX': { description: 'Taken. Answer before the work is done, within ten seconds.' },
        '410': { description: 'Gone: the endpoint is switched off.' },
        default: { description: 'Sent again later, for three days.' },
      },
    },
  };
}
