import { hash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendRefusal } from '../http/reply.ts';

/** Name of the header that carries the secret; `Authorization: Bearer` does too, for scrapers that know no other. */
export const internalHeader = 'bulkhead-internal';

export type InternalGuardOptions = {
  /** Any one of them is accepted: during a rotation the new one and the one before. Asked with each request. */
  secrets: () => readonly string[];
  /** The port of the internal listener; undefined while it does not listen. */
  port: () => number | undefined;
};

/**
 * Guards every route of a Fastify scope: a request must have arrived on the internal listener and show the secret.
 * Anywhere else the routes do not exist, whatever secret is shown; nobody learns why a request was refused.
 */
export function guardInternal(scope: FastifyInstance, { secrets, port }: InternalGuardOptions): void {
  if (secrets().length === 0) throw new Error('The internal listener needs a secret.');
  scope.addHook('onRequest', (request, reply, done) => {
    if (request.socket.localPort !== port()) {
      void sendRefusal(reply, { status: 404, code: 'not_found', message: 'There is no such thing.' });
    } else if (!showsSecret(request, secrets().map(digest))) {
      void sendRefusal(reply, { status: 401, code: 'internal_refused', message: 'This is not for you.' });
    } else {
      done();
    }
  });
}

/** Compared as digests, all of them: neither length nor place of a difference shows in the time it takes. */
function showsSecret(request: FastifyRequest, known: readonly Buffer[]): boolean {
  const { authorization, [internalHeader]: own } = request.headers;
  const given = typeof own === 'string' ? own : /^bearer (.+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) return false;
  const shown = digest(given);
  return known.map((secret) => timingSafeEqual(secret, shown)).includes(true);
}

function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
