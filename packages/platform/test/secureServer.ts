import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { selfSignedCertificate } from '../src/identity/saml/selfSigned.ts';

export type SecureServer = {
  port: number;
  /** PEM: trust it to reach the server under its name. */
  certificate: string;
  /** Names that clients asked for (SNI). */
  names: (string | false)[];
  close: () => Promise<void>;
};

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** An https server of that name on 127.0.0.1, with a certificate of its own. `http`: without TLS. */
export async function openSecureServer(
  name: string,
  handler: Handler,
  options: { http?: boolean } = {},
): Promise<SecureServer> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const day = 86_400_000;
  const der = selfSignedCertificate(privateKey, {
    name,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    serial: randomBytes(16),
  });
  const certificate = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`;
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const names: (string | false)[] = [];
  const server = options.http
    ? createServer(handler)
    : createSecureServer({ key, cert: certificate }, handler);
  server.on('secureConnection', (socket: { servername?: string | false }) => {
    names.push(socket.servername ?? false);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve());
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { port: (server.address() as AddressInfo).port, certificate, names, close };
}
