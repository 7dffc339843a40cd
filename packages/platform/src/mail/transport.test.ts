import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailPassword, openMailServer } from '../../test/mailServer.ts';
import { createSmtpTransport, MailError } from './transport.ts';

test('OPS-6 a password that changes is used with the next message', async () => {
  const server = await openMailServer();
  let password = 'not yet the one that counts';
  const transport = createSmtpTransport({
    host: 'localhost',
    port: server.port,
    tls: 'starttls',
    tlsCa: server.certificate,
    user: 'bulkhead',
    password: () => password,
    from: 'no-reply@example.org',
    fromName: 'Bulkhead',
  });
  const message = { to: 'somebody@example.org', subject: 'A', text: 'B', html: '<p>B</p>' };
  const refused = await transport.send('1', message).catch((error: unknown) => error);
  assert.ok(refused instanceof MailError && !String(refused.stack).includes(password), String(refused));
  password = mailPassword;
  await transport.send('2', message);
  assert.equal(server.received.length, 1);
  transport.close();
  await server.close();
});
