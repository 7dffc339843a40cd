import type { FastifyInstance } from 'fastify';
import type { OpenApiDocument } from './document.ts';
import { docsStyle, docsStylePath, renderPage } from './page.ts';

/** Serves the document, its page and the page's style sheet; all three are made once. */
export function mountDocument(app: FastifyInstance, document: OpenApiDocument): void {
  const json = JSON.stringify(document);
  const page = renderPage(document);
  app.get('/api/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(json));
  app.get('/api/docs', (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
  app.get(docsStylePath, (_request, reply) => reply.type('text/css; charset=utf-8').send(docsStyle));
}
