import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { listHeldMail } from '@bulkhead/platform/mail';
import pg from 'pg';
import { awaitMailedToken, makePerson } from '../../../test/harness/people.ts';
import { createCipher } from '../src/boot/cipher.ts';
import { openServer } from './fixture.ts';
import type { Fixture } from './fixture.ts';

const publicUrl = 'https://app.example.com';

/** Sends a request whose Host header says what it likes, as no browser would. */
function sendRaw({ url }: Fixture, { headers, body }: { headers: string[]; body: string }): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1');
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.on('end', () => resolve(answer)).on('error', reject);
    const lines = [
      'POST /api/password-reset HTTP/1.1',
      ...headers,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`);
  });
}

test('T-37 links lead to the configured origin, whatever Host and X-Forwarded-Host say, from a proxy too', async () => {
  const fixture = await openServer([], { http: { publicUrl, trustedProxies: ['127.0.0.0/8'] } });
  const worker = new pg.Pool(fixture.database.connections.worker);
  worker.on('error', () => {});
  try {
    const email = 'robin@example.org';
    const person = { email, password: 'seven copper lanterns drift', name: 'Robin', tenantName: 'Vale' };
    await makePerson(fixture.database, person);
    const forgeries = [
      ['host: evil.example'],
      ['host: app.example.com', 'x-forwarded-host: evil.example', 'x-forwarded-proto: http'],
      ['host: app.example.com', 'forwarded: host=evil.example', 'x-original-url: https://evil.example/'],
      ['host: app.example.com@evil.example'],
    ];
    for (const headers of forgeries) {
      // oxlint-disable-next-line no-await-in-loop
      await sendRaw(fixture, { headers, body: JSON.stringify({ email }) });
    }
    const cipher = createCipher(fixture.config.encryption);
    await awaitMailedToken(fixture.url, { to: email, kind: 'password_reset' });
    const sent = await listHeldMail({ pool: worker, cipher });
    for (const { text, html } of sent) {
      assert.ok(text.includes(`${publicUrl}/reset-password#`));
      assert.doesNotMatch(text + html, /evil/);
    }
  } finally {
    await worker.end();
    await fixture.close();
  }
});
