import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { allowScripts } from './policy.ts';
import { sendRefusal } from './reply.ts';

/** A year, in milliseconds: the build puts a hash of the content into these files' names. */
const forever = 365 * 24 * 60 * 60 * 1000;

/** What the build writes where an answer's nonce belongs; `packages/console/vite.config.ts` has it, too. */
const noncePlace = '@bulkhead-nonce@';

/** What the console's page needs beyond its scripts. */
const pageNeeds = {
  modules: true,
  directives: ["img-src 'self' data:", "font-src 'self'", "connect-src 'self'", "manifest-src 'self'"],
} as const;

/**
 * Serves the built console: its files, and its page at every other address a browser navigates
 * to, because the console routes by itself. Every other unknown address is refused with 404.
 *
 * @param folder undefined: no console
 * @throws {Error} when the folder holds no built console, or one whose scripts no policy would let run
 */
export function mountConsole(app: FastifyInstance, folder: string | undefined): void {
  if (folder === undefined) {
    app.setNotFoundHandler((_request, reply) => sendRefusal(reply, notFound));
    return;
  }
  const sendPage = pageOf(folder);
  void app.register(fastifyStatic, {
    root: folder,
    index: false,
    dotfiles: 'ignore',
    cacheControl: false,
    // The page has the place of a nonce in it; it leaves by `sendPage` alone.
    allowedPath: (path) => path !== '/index.html',
    setHeaders: (reply, path) => {
      const hashed = path.includes(`${join(folder, 'assets')}/`);
      void reply.header(
        'cache-control',
        hashed ? `public, max-age=${forever / 1000}, immutable` : 'no-cache',
      );
    },
  });
  app.route({ method: ['GET', 'HEAD'], url: '/', handler: (_request, reply) => sendPage(reply) });
  app.setNotFoundHandler((request, reply) => {
    const isPage =
      request.method === 'GET' &&
      !/^\/(api|rpc|assets)(\/|$)/.test(request.url) &&
      (request.headers.accept ?? '').includes('text/html');
    return isPage ? sendPage(reply) : sendRefusal(reply, notFound);
  });
}

/** The console's page, with a nonce of its own for each answer; so no cache may keep it. */
function pageOf(folder: string): (reply: FastifyReply) => FastifyReply {
  const file = join(folder, 'index.html');
  if (!existsSync(file)) {
    throw new Error(`There is no built console in ${folder}: build it, or leave http.console out.`);
  }
  const page = readFileSync(file, 'utf8');
  if (page.includes('<script') && !page.includes(noncePlace)) {
    throw new Error(`The console in ${folder} was built for another server: build it anew.`);
  }
  return (reply) => {
    const nonce = randomBytes(16).toString('base64');
    return allowScripts(reply, nonce, pageNeeds)
      .type('text/html; charset=utf-8')
      .send(page.replaceAll(noncePlace, nonce));
  };
}

const notFound = {
  status: 404,
  code: 'not_found',
  message: 'There is no such thing, or you may not see it.',
};
