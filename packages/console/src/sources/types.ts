import type { Client } from '../client/api.ts';

export type Source = Awaited<ReturnType<Client['source']['list']>>['sources'][number];
export type ReceivedEvent = Awaited<ReturnType<Client['source']['events']>>['events'][number];
export type NewSource = Parameters<Client['source']['create']>[0];
export type Scheme = Source['scheme'];

/** How each scheme is called, and who signs so. */
export const schemeNames: Record<Scheme, string> = {
  stripe: 'Stripe',
  standard: 'Standard Webhooks',
  svix: 'Svix (Clerk, Resend and others)',
  generic: 'HMAC-SHA256, as you describe it',
};
