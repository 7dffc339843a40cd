import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openServer, send } from './fixture.ts';
import type { Fixture } from './fixture.ts';
import type { OpenApiDocument } from '../src/openapi/document.ts';
import { renderPage } from '../src/openapi/page.ts';
import { widgetsModule } from './widgets/module.ts';

let fixture: Fixture;
let document: OpenApiDocument;

before(async () => {
  fixture = await openServer([widgetsModule().module]);
  document = (await send(fixture.url, '/api/openapi.json')).json as unknown as OpenApiDocument;
});
after(async () => {
  await fixture.close();
});

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

test('EDG-4 the document is OpenAPI 3.1 and tells of each operation its permission and its problems', () => {
  assert.match(document.openapi, /^3\.1\./);
  assert.ok(operations().length >= 20);
  for (const { path, operation } of operations()) {
    assert.match(operation['x-permission'], /^(public|signed-in|[a-z]+:[a-z-]+\.[a-z-]+)$/, path);
    assert.ok(
      operation['x-errors'].some(({ code }) => code === 'invalid_input'),
      path,
    );
    assert.ok(operation.tags?.length === 1 && operation.summary !== undefined, path);
    const refused = operation.responses?.['400'] as { content: Record<string, unknown> };
    assert.deepEqual(Object.keys(refused.content), ['application/problem+json'], path);
  }
});

test('every address of the document answers, and none needs to be guessed', async () => {
  for (const { path, method, operation } of operations()) {
    const url = `/api${path.replaceAll(/\{[^}]*\}/g, 'x')}`;
    const { status } = await send(fixture.url, url, { method: method.toUpperCase() });
    // What anybody may read, and asking for a passkey, take neither a session nor an input.
    const readable = method === 'get' && operation['x-permission'] === 'public';
    const expected = readable || path === '/session/passkey/options' ? [200, 400, 404] : [400, 401];
    assert.ok(expected.includes(status), `${method} ${path}: ${status}`);
  }
});

test('the page shows every operation, and has nothing inline that the policy would refuse', async () => {
  const { text, headers } = await send(fixture.url, '/api/docs');
  assert.equal(headers.get('content-type'), 'text/html; charset=utf-8');
  for (const { path, operation } of operations()) {
    assert.ok(text.includes(`/api${path}`) && text.includes(operation['x-permission']), path);
  }
  assert.doesNotMatch(text, /<script|<style|\sstyle=|\son[a-z]+=|javascript:|https?:\/\//i);
  const style = /href="(\/api\/docs\.css)"/.exec(text)?.[1] ?? '';
  assert.equal((await send(fixture.url, style)).headers.get('content-type'), 'text/css; charset=utf-8');
});

test('the page escapes whatever a contract says', () => {
  const nasty = '<img src=x onerror=alert(1)>"\'&';
  const page = renderPage({
    openapi: '3.1.1',
    info: { title: nasty, version: nasty, description: nasty },
    paths: {
      [`/${nasty}`]: {
        get: {
          operationId: nasty,
          summary: nasty,
          tags: [nasty],
          parameters: [{ name: nasty, in: nasty, schema: { type: nasty, enum: [nasty] } }],
          'x-permission': nasty,
          'x-rate': 'read',
          'x-errors': [{ status: 400, code: nasty, message: nasty }],
        },
      },
    },
  });
  assert.doesNotMatch(page, /<img/);
});
