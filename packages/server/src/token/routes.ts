import type { SigningKeys } from '@bulkhead/platform/identity/token';
import type { FastifyInstance } from 'fastify';
import { sendRefusal } from '../http/reply.ts';
import { toRefusal } from '../problem/refusal.ts';

/** Seconds a verifier may keep the key set: far less than a key is published before it signs. */
const keptFor = 300;

/** `/.well-known/jwks.json`: the public keys of access tokens (RFC 7517), for back ends that verify them. */
export function mountKeySet(app: FastifyInstance, keys: Pick<SigningKeys, 'publish'>): void {
  app.get('/.well-known/jwks.json', async (_request, reply) => {
    try {
      const set = await keys.publish();
      return await reply
        .header('cache-control', `public, max-age=${keptFor}`)
        .type('application/jwk-set+json')
        .send(JSON.stringify(set));
    } catch (error) {
      return sendRefusal(reply, toRefusal(error, new Map()));
    }
  });
}
