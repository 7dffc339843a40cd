import * as z from 'zod';
import { isLoopback, setting, whole } from './setting.ts';

const secretOfStripe = z
  .string()
  .regex(/^[!-~]{16,512}$/, 'must be 16 to 512 visible characters, as Stripe shows it')
  .optional();

const apiBase = z.string().superRefine((value, context) => {
  const url = URL.parse(value);
  if (url === null || url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    context.addIssue('must be an origin such as https://api.stripe.com');
  } else if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    context.addIssue('must be https, or http on localhost');
  }
});

/** What tenants pay, through Stripe. Without `billing.webhookSecret` nothing is billed. */
export const billing = z
  .strictObject({
    webhookSecret: setting(secretOfStripe, {
      description:
        'Signing secret of the endpoint at Stripe that sends to `/webhooks/billing`. It decides who may set a tenant’s tier.',
      otherwise: 'no billing: what is sent there is refused',
      secret: true,
    }),
    previousWebhookSecret: setting(secretOfStripe, {
      description: 'The secret before the last rotation, while Stripe still signs with it.',
      otherwise: 'none',
      secret: true,
    }),
    apiKey: setting(secretOfStripe, {
      description:
        'Secret or restricted key of Stripe’s API: opens checkouts and the customer portal, and compares subscriptions once a day.',
      otherwise: 'nothing can be bought from the console, and nothing is compared',
      secret: true,
    }),
    apiBase: setting(apiBase.default('https://api.stripe.com'), {
      description: 'Where Stripe’s API answers.',
    }),
    graceDays: setting(whole(0, 60).default(7), {
      description: 'Days for which a tenant keeps its tier after a failed payment.',
    }),
  })
  .refine(({ webhookSecret, apiKey }) => webhookSecret !== undefined || apiKey === undefined, {
    message: 'is given without billing.webhookSecret: what is bought would never be learned of',
    path: ['apiKey'],
  });

/** Webhooks that others send. */
export const inbound = z.strictObject({
  bodyLimit: setting(whole(1024, 16 * 1024 * 1024).default(1024 * 1024), {
    description: 'Most bytes of one webhook; more is answered with 413.',
  }),
});
