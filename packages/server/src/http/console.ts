import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { sendRefusal } from './reply.ts';

/** A year, in milliseconds: the build puts a hash of the content into these files' names. */
const forever = 365 * 24 * 60 * 60 * 1000;

/**
 * Serves the built console: its files, and its page at every other address a browser navigates
 * to, because the console routes by itself. Every other unknown address is refused with 404.
 *
 * @param folder undefined: no console
 * @throws {Error} when the folder holds no built console
 */
export function mountConsole(app: FastifyInstance, folder: string | undefined): void {
  if (folder === undefined) {
    app.setNotFoundHandler((_request, reply) => sendRefusal(reply, notFound));
    return;
  }
  if (!existsSync(join(folder, 'index.html'))) {
    throw new Error(`There is no built console in ${folder}: build it, or leave http.console out.`);
  }
  void app.register(fastifyStatic, {
    root: folder,
    index: 'index.html',
    dotfiles: 'ignore',
    cacheControl: false,
    setHeaders: (reply, path) => {
      const hashed = path.includes(`${join(folder, 'assets')}/`);
      void reply.header(
        'cache-control',
        hashed ? `public, max-age=${forever / 1000}, immutable` : 'no-cache',
      );
    },
  });
  app.setNotFoundHandler((request, reply) => {
    const isPage =
      request.method === 'GET' &&
      !/^\/(api|rpc|assets)(\/|$)/.test(request.url) &&
      (request.headers.accept ?? '').includes('text/html');
    if (isPage) return reply.header('cache-control', 'no-cache').sendFile('index.html');
    return sendRefusal(reply, notFound);
  });
}

const notFound = {
  status: 404,
  code: 'not_found',
  message: 'There is no such thing, or you may not see it.',
};
