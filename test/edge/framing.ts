/** What a request is made of that two servers could take for different requests. */
export type Framing = {
  name: string;
  /** The status of the one answer: the server's own, and what comes through Caddy; undefined: the connection is closed without one. */
  answers: [number | undefined, number | undefined];
  bytes: (to: { host: string }) => string;
};

/** The request that must not come out of another one. */
export const hidden = 'GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n';

const post =
  (lines: readonly string[], body: string): Framing['bytes'] =>
  ({ host }) =>
    [
      'POST /api/session HTTP/1.1',
      `Host: ${host}`,
      'Content-Type: application/json',
      'Connection: close',
      ...lines,
      '',
      body,
    ].join('\r\n');

const get =
  (lines: readonly string[], target = '/api/session'): Framing['bytes'] =>
  ({ host }) =>
    [`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines, '', ''].join('\r\n');

const chunked = 'Transfer-Encoding: chunked';
const length = (count: number): string => `Content-Length: ${count}`;
const inChunk = `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`;
const afterEnd = `0\r\n\r\n${hidden}`;

export const cases: Framing[] = [
  { name: 'CL.TE', answers: [400, 400], bytes: post([length(afterEnd.length), chunked], afterEnd) },
  { name: 'TE.CL', answers: [400, 400], bytes: post([chunked, length(4)], inChunk) },
  {
    name: 'TE.TE, the second unknown',
    answers: [400, 501],
    bytes: post([chunked, 'Transfer-Encoding: x', length(4)], inChunk),
  },
  { name: 'TE twice', answers: [400, 501], bytes: post([chunked, chunked], afterEnd) },
  {
    name: 'an unknown coding',
    answers: [400, 501],
    bytes: post(['Transfer-Encoding: xchunked', length(4)], inChunk),
  },
  {
    name: 'a coding before chunked',
    answers: [400, 501],
    bytes: post(['Transfer-Encoding: identity, chunked'], afterEnd),
  },
  {
    name: 'a coding after chunked',
    answers: [400, 501],
    bytes: post(['Transfer-Encoding: chunked, identity'], afterEnd),
  },
  {
    name: 'a tab before chunked',
    answers: [400, 400],
    bytes: post(['Transfer-Encoding:\tchunked', length(4)], inChunk),
  },
  {
    name: 'a vertical tab before chunked',
    answers: [400, 501],
    bytes: post(['Transfer-Encoding: \x0bchunked', length(4)], inChunk),
  },
  {
    name: 'a space before the colon',
    answers: [400, 400],
    bytes: post(['Transfer-Encoding : chunked', length(4)], inChunk),
  },
  {
    name: 'a line before the header',
    answers: [400, 400],
    bytes: post(['X: y\nTransfer-Encoding: chunked', length(4)], inChunk),
  },
  {
    name: 'two lengths that differ',
    answers: [400, 400],
    bytes: post([length(2), length(2 + hidden.length)], `{}${hidden}`),
  },
  { name: 'two lengths that agree', answers: [400, 400], bytes: post([length(2), length(2)], `{}${hidden}`) },
  { name: 'a list of lengths', answers: [400, 400], bytes: post(['Content-Length: 2, 2'], `{}${hidden}`) },
  { name: 'a length with a sign', answers: [400, 400], bytes: post(['Content-Length: +2'], `{}${hidden}`) },
  { name: 'a negative length', answers: [400, 400], bytes: post(['Content-Length: -2'], `{}${hidden}`) },
  {
    name: 'a length in hexadecimal',
    answers: [400, 400],
    bytes: post(['Content-Length: 0x2'], `{}${hidden}`),
  },
  {
    name: 'a length past counting',
    answers: [400, 400],
    bytes: post(['Content-Length: 99999999999999999999'], `{}${hidden}`),
  },
  {
    name: 'a length with an underscore before it',
    answers: [400, 400],
    bytes: post(['Content_Length: 2', length(2)], `{}${hidden}`),
  },
  {
    name: 'a chunk size with a sign',
    answers: [400, 502],
    bytes: post([chunked], `+2\r\n{}\r\n${afterEnd}`),
  },
  {
    name: 'a chunk size past counting',
    answers: [400, 502],
    bytes: post([chunked], `ffffffffffffffff2\r\n{}\r\n${afterEnd}`),
  },
  {
    name: 'a chunk size with a bare LF',
    answers: [400, 502],
    bytes: post([chunked], `2\n{}\n0\n\n${hidden}`),
  },
  {
    name: 'a chunk extension with a line in it',
    answers: [400, 502],
    bytes: post([chunked], `2;a="\n"\r\n{}\r\n${afterEnd}`),
  },
  {
    name: 'a trailer that frames',
    answers: [400, 400],
    bytes: post([chunked], `2\r\n{}\r\n0\r\nContent-Length: 99\r\n\r\n${hidden}`),
  },
  { name: 'a folded header', answers: [400, 401], bytes: get(['X-Folded: one', ' two']) },
  {
    name: 'a folded framing header',
    answers: [400, 400],
    bytes: post(['Transfer-Encoding:', ' chunked', length(4)], inChunk),
  },
  { name: 'a bare CR in a value', answers: [400, 400], bytes: get(['X: y\rTransfer-Encoding: chunked']) },
  { name: 'a NUL in a value', answers: [400, 400], bytes: get(['X: y\0z']) },
  { name: 'a space in a name', answers: [400, 400], bytes: get(['X Y: z']) },
  { name: 'an empty name', answers: [400, 401], bytes: get([': z']) },
  {
    name: 'no Host',
    answers: [400, 400],
    bytes: () => 'GET /api/session HTTP/1.1\r\nConnection: close\r\n\r\n',
  },
  { name: 'two Hosts', answers: [400, 400], bytes: get(['Host: evil.example']) },
  {
    name: 'a Host with a path',
    answers: [401, 400],
    bytes: () => 'GET /api/session HTTP/1.1\r\nHost: localhost/evil\r\nConnection: close\r\n\r\n',
  },
  {
    name: 'an absolute address of another host',
    answers: [401, 421],
    bytes: get([], 'http://evil.example/api/session'),
  },
  { name: 'HTTP/0.9', answers: [400, 400], bytes: () => 'GET /api/session\r\n\r\n' },
  {
    name: 'HTTP/1.2',
    answers: [400, 401],
    bytes: ({ host }) => `GET /api/session HTTP/1.2\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  },
  { name: 'the preface of HTTP/2', answers: [400, 421], bytes: () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' },
  {
    name: 'an upgrade to h2c',
    answers: [401, 401],
    bytes: get([
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    ]),
  },
  {
    name: 'an upgrade to WebSocket',
    answers: [401, 401],
    bytes: get([
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Version: 13',
    ]),
  },
  {
    name: 'TRACE',
    answers: [404, 404],
    bytes: ({ host }) => `TRACE /api/session HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  },
  {
    name: 'CONNECT',
    answers: [undefined, 421],
    bytes: ({ host }) => `CONNECT evil.example:443 HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  },
  {
    name: 'a method in lower case',
    answers: [400, 400],
    bytes: ({ host }) => `get /api/session HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
  },
  { name: 'a fragment in the address', answers: [400, 404], bytes: get([], '/api/session#x') },
  { name: 'headers past the limit', answers: [431, 431], bytes: get([`X: ${'x'.repeat(40_000)}`]) },
  {
    name: 'an address past the limit',
    answers: [431, 431],
    bytes: get([], `/api/session?${'x'.repeat(40_000)}`),
  },
];

/** Requests that never become whole. */
export const slow: Framing[] = [
  {
    name: 'headers that do not end',
    answers: [408, undefined],
    bytes: ({ host }) => `GET /api/session HTTP/1.1\r\nHost: ${host}\r\n`,
  },
  { name: 'a body that does not end', answers: [408, 408], bytes: post([length(10)], '{') },
];
