import type { Outcome } from '../contract/index.ts';

/** Every tenant's secret, kept in the server's memory to recognise one that got out. */
export type Secrets = ReadonlyMap<string, string>;

/** How many other tenants' secrets stand anywhere in an answer: in a value, in an error's text, in a hint. */
export function foreignSecrets(outcome: Outcome, tenant: string, secrets: Secrets): number {
  const answer = JSON.stringify(outcome);
  return [...secrets].filter(([owner, secret]) => owner !== tenant && answer.includes(secret)).length;
}
