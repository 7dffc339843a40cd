import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMailServer } from '../../platform/test/mailServer.ts';
import { makePerson } from '../../../test/harness/people.ts';
import { goodPassword, openServer, send } from './fixture.ts';

/** Decodes a quoted-printable body as far as links need it. */
const decoded = (raw: string): string => raw.replaceAll('=\r\n', '').replaceAll('=3D', '=');

test('AUT-4 a forgotten password by a real mail server, which is down at first', async () => {
  const first = await openMailServer();
  const { port } = first;
  await first.close();
  const fixture = await openServer([], {
    mail: {
      sink: false,
      host: '127.0.0.1',
      port,
      tls: 'off',
      from: 'no-reply@bulkhead.example',
    },
  });
  try {
    const email = 'robin@example.org';
    await makePerson(fixture.database, { email, password: goodPassword, name: 'Robin', tenantName: 'Vale' });
    const asked = await send(fixture.url, '/api/password-reset', { json: { email } });
    assert.equal(asked.status, 202, 'who asks is told that it will be sent, and it will');
    assert.deepEqual((await send(fixture.url, '/api/mail/status')).json, { mode: 'smtp' });
    assert.equal((await send(fixture.url, '/api/mail')).status, 404, 'there is no mail page');
    const server = await openMailServer({ port, tls: false });
    try {
      // The duty tries again ten seconds at most after the first failure.
      const message = await server.first;
      assert.deepEqual(message.to, [email]);
      const token = /\/reset-password#([\w-]{43})/.exec(decoded(message.raw))?.[1];
      const redeemed = await send(fixture.url, '/api/password-reset/redeem', {
        json: { token, password: 'tidal gravel evening kite' },
      });
      assert.equal(redeemed.status, 200, redeemed.text);
    } finally {
      await server.close();
    }
  } finally {
    await fixture.close();
  }
});
