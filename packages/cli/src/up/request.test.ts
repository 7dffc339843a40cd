import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseUnsafe, type UpRequest } from './request.ts';

const demo: UpRequest = { data: '/d', folder: '/', modules: [], demo: true, reset: false };

test('T-44: the demo and its public passwords stay on this machine', () => {
  refuseUnsafe(demo, {});
  refuseUnsafe({ ...demo, host: 'localhost' }, {});
  const refused: [Partial<UpRequest>, Record<string, string>][] = [
    [{ host: '0.0.0.0' }, {}],
    [{ host: '10.0.0.1' }, {}],
    [{ database: 'postgres://db/app' }, {}],
    [{}, { BULKHEAD_DATABASE_HOST: 'db' }],
    [{}, { BULKHEAD_CONFIG: 'server.json' }],
    [{}, { BULKHEAD_HTTP_HOST: '::' }],
    [{}, { BULKHEAD_HTTP_PUBLIC_URL: 'https://app.example' }],
    [{}, { NODE_ENV: 'production' }],
  ];
  for (const [request, env] of refused) {
    assert.throws(() => refuseUnsafe({ ...demo, ...request }, env), { code: 'demo_refused', exitCode: 3 });
    refuseUnsafe({ ...demo, ...request, demo: false }, env);
  }
});

test('a database that is not ours is never reset', () => {
  const reset = { ...demo, demo: false, reset: true };
  refuseUnsafe(reset, {});
  assert.throws(() => refuseUnsafe({ ...reset, database: 'postgres://db/app' }, {}), { exitCode: 2 });
  assert.throws(() => refuseUnsafe(reset, { BULKHEAD_DATABASE_HOST: 'db' }), { exitCode: 2 });
});
