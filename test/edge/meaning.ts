/** A well-formed request that says something twice, or in another way than it looks. */
export type Meaning = {
  name: string;
  /** Status and, of a refusal, code. */
  answer: [number] | [number, string];
  bytes: (to: { host: string; cookie: string; origin: string }) => string;
};

const tenant = '6f1e5a0c-1b7e-4c52-9d0a-3a1f0f3f8a11';

/** A signed-in page's request. */
const signed =
  (line: string, headers: readonly string[] = [], body = ''): Meaning['bytes'] =>
  ({ host, cookie, origin }) => {
    const text = body.replace('@host@', host);
    return [
      `${line} HTTP/1.1`,
      `Host: ${host}`,
      `Cookie: ${cookie}`,
      `Origin: ${origin}`,
      'Sec-Fetch-Site: same-origin',
      'Connection: close',
      ...(text === '' ? [] : ['Content-Type: application/json', `Content-Length: ${text.length}`]),
      ...headers,
      '',
      text,
    ].join('\r\n');
  };

const bare =
  (headers: (cookie: string) => string[]): Meaning['bytes'] =>
  ({ host, cookie }) =>
    ['GET /api/companies HTTP/1.1', `Host: ${host}`, 'Connection: close', ...headers(cookie), '', ''].join(
      '\r\n',
    );

const company = JSON.stringify({ name: 'At @host@' });

export const meanings: Meaning[] = [
  { name: 'the plain request', answer: [200], bytes: signed('GET /api/companies') },
  // An address that is not written plainly is another address, or none.
  { name: 'two slashes in front', answer: [404, 'not_found'], bytes: signed('GET //api/companies') },
  { name: 'two slashes within', answer: [404, 'not_found'], bytes: signed('GET /api//companies') },
  { name: 'a slash at the end', answer: [404, 'not_found'], bytes: signed('GET /api/companies/') },
  { name: 'an encoded slash', answer: [404, 'not_found'], bytes: signed('GET /api%2fcompanies') },
  { name: 'an encoded slash at the end', answer: [404, 'not_found'], bytes: signed('GET /api/companies%2f') },
  { name: 'a slash encoded twice', answer: [404, 'not_found'], bytes: signed('GET /api%252fcompanies') },
  { name: 'a dot segment', answer: [404, 'not_found'], bytes: signed('GET /api/./companies') },
  { name: 'two dots', answer: [404, 'not_found'], bytes: signed('GET /api/nothing/../companies') },
  { name: 'encoded dots', answer: [404, 'not_found'], bytes: signed('GET /api/nothing/%2e%2e/companies') },
  { name: 'a backslash', answer: [404, 'not_found'], bytes: signed('GET /api\\companies') },
  { name: 'an encoded backslash', answer: [404, 'not_found'], bytes: signed('GET /api%5ccompanies') },
  { name: 'a parameter in the path', answer: [404, 'not_found'], bytes: signed('GET /api/companies;x=y') },
  { name: 'other letters', answer: [404, 'not_found'], bytes: signed('GET /API/companies') },
  { name: 'an encoded letter', answer: [404, 'not_found'], bytes: signed('GET /api/%63ompanies') },
  { name: 'an encoded NUL', answer: [400, 'invalid_text'], bytes: signed('GET /api/companies%00') },
  { name: 'bytes that are not UTF-8', answer: [400, 'url_malformed'], bytes: signed('GET /api/%ff') },
  { name: 'overlong UTF-8', answer: [400, 'url_malformed'], bytes: signed('GET /api/%c0%afcompanies') },
  // The method is the method.
  {
    name: 'a method override to DELETE',
    answer: [201],
    bytes: signed(
      'POST /api/companies',
      ['X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: DELETE', 'X-Method-Override: DELETE'],
      company,
    ),
  },
  {
    name: 'a method override to POST',
    answer: [200],
    bytes: signed('GET /api/companies', ['X-HTTP-Method-Override: POST'], company),
  },
  {
    name: 'a method in the query',
    answer: [400, 'invalid_input'],
    bytes: signed('GET /api/companies?_method=POST'),
  },
  {
    name: 'an address override',
    answer: [404, 'not_found'],
    bytes: signed('GET /nowhere', ['X-Original-URL: /api/companies', 'X-Rewrite-URL: /api/companies']),
  },
  // Said twice is not said.
  {
    name: 'two session cookies',
    answer: [401, 'signed_out'],
    bytes: bare((cookie) => [`Cookie: ${cookie}; ${cookie}`]),
  },
  {
    name: 'two Cookie headers',
    answer: [401, 'signed_out'],
    bytes: bare((cookie) => [`Cookie: ${cookie}`, `Cookie: ${cookie}`]),
  },
  {
    name: 'two credentials',
    answer: [400, 'credentials_ambiguous'],
    bytes: bare((cookie) => [`Cookie: ${cookie}`, 'Authorization: Bearer x']),
  },
  {
    name: 'two Authorization headers',
    answer: [401, 'token_refused'],
    bytes: bare(() => ['Authorization: Bearer x', 'Authorization: Bearer y']),
  },
  {
    name: 'two tenants',
    answer: [400, 'invalid_input'],
    bytes: signed('GET /api/companies', [`Bulkhead-Tenant: ${tenant}`, `Bulkhead-Tenant: ${tenant}`]),
  },
  {
    name: 'two companies',
    answer: [400, 'invalid_input'],
    bytes: signed('GET /api/companies', [`Bulkhead-Company: ${tenant}`, `Bulkhead-Company: ${tenant}`]),
  },
  {
    name: 'two Origins, one of them ours',
    answer: [403, 'cross_origin_refused'],
    bytes: signed('POST /api/companies', ['Origin: https://evil.example'], company),
  },
  {
    name: 'two sites, one of them ours',
    answer: [403, 'cross_origin_refused'],
    bytes: signed('POST /api/companies', ['Sec-Fetch-Site: cross-site'], company),
  },
  {
    name: 'two content types',
    answer: [415, 'unsupported_media_type'],
    bytes: ({ host, cookie, origin }) =>
      signed(
        'POST /api/companies',
        ['Content-Type: text/plain', `Content-Length: ${company.length}`, 'Content-Type: application/json'],
        '',
      )({ host, cookie, origin }) + company,
  },
];
