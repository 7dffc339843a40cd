import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { learn, withIds, type Field, type KnownIds, type Operation } from './operations.ts';

export type Relay = {
  /** Where a scanner begins: a page with a form for each procedure. */
  url: string;
  /** How often each procedure answered with each status, from the calls as they should be that come before any scan. */
  statuses: ReadonlyMap<string, ReadonlyMap<number, number>>;
  close: () => void;
};

type ControlAnswer = { status: number; html: string; location?: string };

export type RelayOptions = {
  /** The server under attack. */
  target: string;
  operations: readonly Operation[];
  /** Headers of a signed-in caller; asked anew when the last ones were refused. */
  signIn: () => Promise<Record<string, string>>;
  /** A page that deserves a finding: what the scanner says of it shows that it can see one. */
  control: { form: string; answer: (form: URLSearchParams) => Promise<ControlAnswer> };
};

/**
 * Scanners know pages and forms; this API knows JSON alone. As an attacker would, this offers each procedure as a form,
 * and passes on what is typed into its fields, signed in, as path, query and JSON body.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const statuses = new Map<string, Map<number, number>>();
  const known: KnownIds = new Map();
  const passOn = createPassOn(options);
  const operations = new Map<string, Operation>();
  const note = ({ id }: Operation, status: number): void => {
    const counts = statuses.get(id) ?? new Map<number, number>();
    statuses.set(id, counts.set(status, (counts.get(status) ?? 0) + 1));
  };
  for (const unfilled of inOrder(options.operations)) {
    const operation = withIds(unfilled, known);
    operations.set(operation.id, operation);
    // What takes things away is left to the scanner.
    if (operation.method === 'DELETE') continue;
    const form = new URLSearchParams(operation.fields.map(({ name, value }) => [name, value]));
    // oxlint-disable-next-line no-await-in-loop -- what one makes, the next one needs
    const { status, body } = await passOn(operation, form);
    note(operation, status);
    if (status < 300) learn(known, operation, body);
  }
  const page = pageOf([...operations.values()], options.control.form);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Scanners send head and body apart: on a connection kept open, the second waits 40 ms for the first one's receipt.
    response.shouldKeepAlive = false;
    const url = new URL(request.url ?? '/', 'http://relay.invalid');
    const form = new URLSearchParams(request.method === 'POST' ? await text(request) : url.search);
    const show = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type }).end(body);
    };
    if (url.pathname === '/') return show(200, 'text/html', page);
    if (url.pathname === '/control') {
      const { status, html, location } = await options.control.answer(form);
      if (location !== undefined) response.setHeader('location', location);
      return show(status, 'text/html', html);
    }
    const operation = operations.get(url.pathname.slice('/procedure/'.length));
    if (operation === undefined) return show(404, 'text/plain', 'Not found');
    const answered = await passOn(operation, named(operation, form));
    note(operation, answered.status);
    const headers = [...answered.headers].filter(([name]) => !hopByHop.has(name));
    response.writeHead(answered.status, headers.flat()).end(answered.body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const { port } = await listen(server);
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}/`, statuses, close };
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
]);

type Answered = { status: number; headers: Headers; body: string };

function createPassOn({ target, signIn }: RelayOptions) {
  let credentials: Promise<Record<string, string>> | undefined;
  return async (operation: Operation, form: URLSearchParams): Promise<Answered> => {
    const used = (credentials ??= signIn());
    const answered = await send(target, { operation, form, headers: await used });
    if (answered.status !== 401) return answered;
    // A procedure may have ended the session it was called with.
    if (credentials === used) credentials = signIn();
    return send(target, { operation, form, headers: await credentials });
  };
}

async function send(
  target: string,
  {
    operation,
    form,
    headers,
  }: { operation: Operation; form: URLSearchParams; headers: Record<string, string> },
): Promise<Answered> {
  const { method, fields } = operation;
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(form.get(`path.${name}`) ?? ''),
  );
  const url = new URL(`${target}/api${path}`);
  for (const { name } of fields) {
    const value = form.get(name) ?? '';
    if (name.startsWith('query.') && value !== '') url.searchParams.set(name.slice(6), value);
  }
  const hasBody = method !== 'GET' && operation.takesBody;
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(hasBody ? { 'content-type': 'application/json' } : {}) },
    redirect: 'manual',
    ...(hasBody ? { body: JSON.stringify(bodyOf(fields, form)) } : {}),
  });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** `body.lines.0.amount` and its like, as one value. */
function bodyOf(fields: readonly Field[], form: URLSearchParams): unknown {
  const whole: Record<string, unknown> = { body: {} };
  for (const { name, kind } of fields) {
    const value = form.get(name) ?? '';
    if (!name.startsWith('body') || value === '') continue;
    place(whole, name.split('.'), typed(value, kind));
  }
  return whole['body'];
}

function place(into: Record<string, unknown>, [key = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) {
    into[key] = value;
    return;
  }
  into[key] ??= rest[0] === '0' ? [] : {};
  place(into[key] as Record<string, unknown>, rest, value);
}

/** What is no number stays the text it is: the server is to refuse it. */
function typed(value: string, kind: Field['kind']): unknown {
  if (kind === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return kind === 'number' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
}

/** Lists and what makes things before what needs them. */
function inOrder(operations: readonly Operation[]): Operation[] {
  const place = ({ path, method }: Operation): number =>
    (path.includes('{') ? 2 : 0) + (method === 'GET' ? 1 : 0);
  return operations.toSorted((one, other) => place(one) - place(other));
}

function pageOf(operations: readonly Operation[], control: string): string {
  return `<!doctype html><title>Procedures</title>${[control, ...operations.flatMap(formsOf)].join('\n')}`;
}

/**
 * One form that a procedure would take, and one with the fields too that it does better without, such as the cursor of a
 * list. Fields have names that say nothing: a scanner passes over what is called a token, and fills in passwords of its own.
 */
function formsOf({ id, method, fields }: Operation): string[] {
  const form = (shown: readonly Field[]): string => {
    const inputs = shown.map(
      (field) => `<input name="f${fields.indexOf(field)}" value="${escaped(field.value || 'probe')}">`,
    );
    const sent = method === 'GET' ? 'get' : 'post';
    return `<form method="${sent}" action="/procedure/${id}">${inputs.join('')}<input type="submit"></form>`;
  };
  const usual = fields.filter(({ value }) => value !== '');
  return usual.length === fields.length ? [form(fields)] : [form(usual), form(fields)];
}

/** The fields of a form under their own names. */
function named({ fields }: Operation, form: URLSearchParams): URLSearchParams {
  return new URLSearchParams(
    fields.flatMap(({ name }, index) => {
      const value = form.get(`f${index}`);
      return value === null ? [] : [[name, value]];
    }),
  );
}

const escaped = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

function listen(server: Server): Promise<AddressInfo> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address() as AddressInfo));
  });
}
