import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { selfSignedCertificate } from '../src/identity/saml/selfSigned.ts';

export type Received = { from: string; to: string[]; raw: string; secure: boolean; user: string | undefined };

export type MailServer = {
  port: number;
  /** PEM of its certificate, for the name localhost. */
  certificate: string;
  received: Received[];
  /** Resolves with the first message, once it is there. */
  first: Promise<Received>;
  /** Answers the next recipient with this SMTP status instead of taking it. */
  refuseNext(status: number): void;
  close(): Promise<void>;
};

const user = 'bulkhead';
export const mailPassword = 'harbour light over water';

function readMessage({ envelope, secure, user: as }: SMTPServerSession, raw: Buffer): Received {
  return {
    from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
    to: envelope.rcptTo.map(({ address }) => address),
    raw: raw.toString('utf8'),
    secure,
    user: as === undefined ? undefined : String(as),
  };
}

/** A real mail server on 127.0.0.1 that keeps what it is given. `tls: false`: one that offers no TLS. */
export async function openMailServer(options: { tls?: boolean; port?: number } = {}): Promise<MailServer> {
  const { key, certificate } = makeCertificate();
  const received: Received[] = [];
  const first = Promise.withResolvers<Received>();
  const refusals: number[] = [];
  const server = new SMTPServer({
    key,
    cert: certificate,
    authOptional: true,
    disabledCommands: options.tls === false ? ['STARTTLS'] : [],
    disableReverseLookup: true,
    onAuth: ({ username, password }, _session, done) =>
      username === user && password === mailPassword ? done(null, { user }) : done(new Error('no such user')),
    onRcptTo: (_address, _session, done) => {
      const status = refusals.shift();
      if (status === undefined) return done();
      return done(Object.assign(new Error('refused <somebody@example.org>'), { responseCode: status }));
    },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        const message = readMessage(session, Buffer.concat(chunks));
        received.push(message);
        first.resolve(message);
        done();
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, '127.0.0.1', () => resolve());
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    certificate,
    received,
    first: first.promise,
    refuseNext: (status) => void refusals.push(status),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function makeCertificate(): { key: string; certificate: string } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const day = 86_400_000;
  const der = selfSignedCertificate(privateKey, {
    name: 'localhost',
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    serial: randomBytes(16),
  });
  const lines = der.toString('base64').replaceAll(/(.{64})/g, '$1\n');
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { key, certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n` };
}
