import { createTransport } from 'nodemailer';
import type { Message } from './message.ts';

/** Hands a message to whoever carries it on. */
export type MailTransport = {
  /**
   * @param id of the message, for its Message-ID
   * @throws MailError
   */
  send(id: string, message: Message): Promise<void>;
  close(): void;
};

/** Why a message was not taken. Holds a code only: what a mail server says repeats the address it was told. */
export class MailError extends Error {
  override readonly name = 'MailError';
  /** `ECONNREFUSED`, `ETLS`, or the server's three digits. */
  readonly code: string;
  /** The server refused for good: sending the same again is no use. */
  readonly permanent: boolean;
  /** The server could not be reached or used at all: other messages would fare no better just now. */
  readonly unreachable: boolean;

  constructor(code: string, reply?: { command: string | undefined; status: number | undefined }) {
    super(`The mail server did not take the message (${code}).`);
    this.code = code;
    const refusedMessage = ['RCPT TO', 'DATA'].includes(reply?.command ?? '');
    this.permanent = refusedMessage && (reply?.status ?? 0) >= 500;
    this.unreachable = !refusedMessage;
  }
}

export type SmtpOptions = {
  host: string;
  port: number;
  /** `starttls` and `implicit` demand TLS with a certificate that matches the host; `off` is for this machine alone. */
  tls: 'starttls' | 'implicit' | 'off';
  /** PEM certificate of the authority to trust. Default: the system's. */
  tlsCa?: string | undefined;
  user?: string | undefined;
  /** A function is asked with each message. */
  password?: string | (() => string | undefined) | undefined;
  /** A strict addr-spec. */
  from: string;
  /** Shown beside the address. */
  fromName: string;
  /** Milliseconds to wait for the server, for each step. Default 10000. */
  timeout?: number | undefined;
};

/** Delivers to a mail server over SMTP (RFC 5321), by nodemailer. */
export function createSmtpTransport(options: SmtpOptions): MailTransport {
  const passwordNow = () => (typeof options.password === 'function' ? options.password() : options.password);
  let password = passwordNow();
  let transport = openTransport(options, password);
  return {
    send: async (id, message) => {
      if (passwordNow() !== password) {
        transport.close();
        password = passwordNow();
        transport = openTransport(options, password);
      }
      try {
        await transport.sendMail(envelopeOf(id, message, options));
      } catch (error) {
        throw toMailError(error);
      }
    },
    close: () => transport.close(),
  };
}

function openTransport(options: SmtpOptions, password: string | undefined) {
  const { host, port, tls, tlsCa, user, timeout = 10_000 } = options;
  return createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'off',
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...(tlsCa === undefined ? {} : { ca: tlsCa }) },
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    dnsTimeout: timeout,
    socketTimeout: 2 * timeout,
    // A body that named a file or an address would be read from there.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function envelopeOf(id: string, { to, subject, text, html }: Message, { from, fromName }: SmtpOptions) {
  return {
    from: { name: fromName, address: from },
    to: { name: '', address: to },
    // What the server is told is said apart from the headers, so that no header can add to it.
    envelope: { from, to: [to] },
    messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    subject,
    text,
    html,
    headers: {
      // Keeps answering machines from answering (RFC 3834).
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
    },
  };
}

function toMailError(error: unknown): MailError {
  const { code, responseCode, command } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    responseCode?: unknown;
    command?: unknown;
  };
  const status = typeof responseCode === 'number' ? responseCode : undefined;
  const named = typeof code === 'string' && /^[A-Z0-9_]{1,40}$/.test(code) ? code : 'EUNKNOWN';
  return new MailError(status === undefined ? named : String(status), {
    command: typeof command === 'string' ? command : undefined,
    status,
  });
}
