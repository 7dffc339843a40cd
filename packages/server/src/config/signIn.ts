import { issuerUrl } from '@bulkhead/platform/identity/single-sign-on';
import * as z from 'zod';
import { setting } from './setting.ts';

/** An identity provider of the service, whose word about addresses is believed for everybody. */
const provider = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a short lower-case name'),
  label: z.string().min(1).max(60),
  issuer: issuerUrl,
  clientId: z.string().min(1).max(500),
  /** A secret stands in no configuration file, but in one of its own. */
  clientSecretFile: z.string().min(1).optional(),
  trustsMultiFactor: z.boolean().default(false),
});

const providers = z
  .union([z.array(provider), z.string().transform(parseJson).pipe(z.array(provider))], {
    error: 'must be a list of { name, label, issuer, clientId, clientSecretFile, trustsMultiFactor }',
  })
  .refine((list) => new Set(list.map(({ name }) => name)).size === list.length, 'names a provider twice');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** How people sign in, besides passwords and passkeys. */
export const signIn = z.strictObject({
  providers: setting(providers.default([]), {
    description:
      'OpenID Connect providers that everybody may sign in with, as a list of `{ "name", "label", "issuer", "clientId", "clientSecretFile", "trustsMultiFactor" }` (JSON in the environment). Their redirect address is `<publicUrl>/sign-in/oidc/callback/<name>`. Name only issuers that check email addresses.',
  }),
});
