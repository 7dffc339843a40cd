import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CspEvaluator } from 'csp_evaluator';
import { CspParser } from 'csp_evaluator/dist/parser.js';
import { selfSignedCertificate } from '../../packages/platform/src/identity/saml/selfSigned.ts';
import { findComponent, missing } from '../harness/index.ts';
import type { ObservatoryReport } from './observatory/report.ts';
import { ask, openEdge } from './world.ts';
import type { EdgeWorld } from './world.ts';

const run = promisify(execFile);

/** What sslscan sees: protocols that are on, and ciphers that are accepted, by protocol. */
async function sslscan(port: number): Promise<{ protocols: string[]; ciphers: string[]; text: string }> {
  const program = findComponent('sslscan') ?? 'sslscan';
  const { stdout: text } = await run(program, ['--no-colour', '--xml=-', `localhost:${port}`]);
  const protocols = [...text.matchAll(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g)];
  const ciphers = [
    ...text.matchAll(/<cipher status="\w+" sslversion="([\w.]+)" bits="\d+" cipher="([\w-]+)"/g),
  ];
  return {
    protocols: protocols.map(([, type = '', version = '']) => `${type} ${version}`),
    ciphers: ciphers.map(([, version = '', name = '']) => `${version} ${name}`),
    text,
  };
}

const findingsOf = (policy: string): string[] =>
  new CspEvaluator(new CspParser(policy).csp)
    .evaluate()
    .map(
      ({ severity, directive, value, description }) =>
        `${severity} ${directive} ${value ?? ''} ${description}`,
    );

describe('scanners that nobody here wrote (EDG-1)', { skip: missing('caddy') }, () => {
  let world: EdgeWorld;
  let folder: string;
  before(async () => {
    world = await openEdge();
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-scan-'));
  });
  after(async () => {
    await world.close();
    await rm(folder, { recursive: true });
  });

  it(
    'sslscan sees TLS 1.2 and 1.3, and of ciphers those with forward secrecy and AEAD alone',
    { skip: missing('sslscan') },
    async () => {
      const { protocols, ciphers, text } = await sslscan(world.caddy.ports.https);
      assert.deepEqual(protocols, ['tls 1.2', 'tls 1.3']);
      assert.deepEqual(ciphers.toSorted(), [
        'TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256',
        'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384',
        'TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305',
        'TLSv1.3 TLS_AES_128_GCM_SHA256',
        'TLSv1.3 TLS_AES_256_GCM_SHA384',
        'TLSv1.3 TLS_CHACHA20_POLY1305_SHA256',
      ]);
      assert.ok(ciphers[0]?.startsWith('TLSv1.3'), 'the newer one first');
      assert.match(text, /<heartbleed sslversion="TLSv1.2" vulnerable="0"/);
      assert.match(text, /<renegotiation supported="0"/);
    },
  );

  it(
    'sslscan would see worse: a server with TLS 1.0 and a cipher without forward secrecy',
    { skip: missing('sslscan') },
    async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const der = selfSignedCertificate(privateKey, {
        name: 'localhost',
        notBefore: new Date(Date.now() - 86_400_000),
        notAfter: new Date(Date.now() + 86_400_000),
        serial: randomBytes(16),
      });
      const server = createServer({
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
        cert: `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
        minVersion: 'TLSv1',
        ciphers: 'AES128-SHA:@SECLEVEL=0',
      });
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', () => resolve());
      });
      try {
        const { protocols, ciphers } = await sslscan((server.address() as AddressInfo).port);
        assert.ok(protocols.includes('tls 1.0'), protocols.join());
        assert.ok(ciphers.includes('TLSv1.2 AES128-SHA'), ciphers.join());
      } finally {
        server.close();
      }
    },
  );

  it(
    'testssl.sh finds nothing below OK in protocols, headers and what is known to break TLS',
    { skip: missing('testssl.sh') },
    async () => {
      const file = join(folder, 'testssl.json');
      const quiet = ['--quiet', '--warnings', 'batch', '--color', '0', '--nodns', 'min', '--ip', '127.0.0.1'];
      // Protocols, headers, CRIME, SWEET32: sslscan has counted the ciphers and looked for Heartbleed already.
      const asked = ['-p', '-h', '-C', '-W'];
      const program = findComponent('testssl.sh') ?? 'testssl';
      await run(program, [...quiet, ...asked, '--jsonfile', file, world.caddy.url]);
      const found = JSON.parse(await readFile(file, 'utf8')) as {
        id: string;
        severity: string;
        finding: string;
      }[];
      const by = new Map(found.map(({ id, severity, finding }) => [id, `${severity} ${finding}`]));
      // It says of its own OpenSSL that it knows no GOST.
      const worse = found.filter(
        ({ id, severity }) => id !== 'engine_problem' && !/^(OK|INFO)$/.test(severity),
      );
      assert.deepEqual(worse, []);
      for (const [id, expected] of [
        ['SSLv3', /^OK not offered/],
        ['TLS1', /^INFO not offered/],
        ['TLS1_1', /^INFO not offered/],
        ['TLS1_2', /^OK offered/],
        ['TLS1_3', /^OK offered/],
        ['HSTS_time', /^OK 730 days/],
        ['HSTS_subdomains', /^OK/],
        ['banner_server', /^INFO No Server banner/],
        ['X-Frame-Options', /^OK DENY/],
        ['Content-Security-Policy', /^OK default-src 'none'/],
        ['SWEET32', /^OK/],
        ['CRIME_TLS', /^OK/],
      ] as const) {
        assert.match(by.get(id) ?? `${id}: not looked at`, expected);
      }
    },
  );

  it('Google’s csp_evaluator has nothing to say to any policy, page or not', async () => {
    for (const way of world.ways) {
      for (const path of [
        '/',
        '/sign-in',
        '/api/docs',
        '/api/session',
        '/nowhere',
        '/oidc/authorize?client_id=x',
      ]) {
        // oxlint-disable-next-line no-await-in-loop -- two ways, a handful of pages
        const { headers } = await ask(way, { path, headers: { accept: 'text/html' } });
        const [policy, ...others] = headers.filter(([name]) => name === 'content-security-policy');
        assert.deepEqual(others, []);
        assert.deepEqual(findingsOf(policy?.[1] ?? ''), [], `${way.name} ${path}`);
      }
    }
  });

  it('csp_evaluator would have: to scripts by address, and to inline scripts', () => {
    const rest = "default-src 'none'; base-uri 'none'";
    assert.match(findingsOf(`${rest}; script-src 'self'`).join(), /script-src 'self'/);
    assert.match(findingsOf(`${rest}; script-src 'unsafe-inline'`).join(), /unsafe-inline/);
  });

  it(
    'the MDN HTTP Observatory gives all that there is without a place on browsers’ preload lists',
    { skip: missing('mdn-http-observatory') },
    async () => {
      const { http, https } = world.caddy.ports;
      const script = fileURLToPath(new URL('observatory/scan.ts', import.meta.url));
      const { stdout } = await run(process.execPath, [script, String(http), String(https)], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: world.caddy.authorityFile },
      });
      const { score, grade, results } = JSON.parse(stdout) as ObservatoryReport;
      assert.deepEqual(
        results.map(({ test, result, points }) => `${test}: ${result} ${points}`),
        [
          'content-security-policy: csp-implemented-with-no-unsafe-default-src-none 10',
          // Five more are for a cookie with every flag; nobody is given one before signing in.
          'cookies: cookies-not-found 0',
          'cross-origin-resource-sharing: cross-origin-resource-sharing-not-implemented 0',
          'redirection: redirection-to-https 0',
          'referrer-policy: referrer-policy-private 5',
          // Five more are for the preload list.
          'strict-transport-security: hsts-implemented-max-age-at-least-six-months 0',
          'subresource-integrity: sri-implemented-and-all-scripts-loaded-securely 5',
          'x-content-type-options: x-content-type-options-nosniff 0',
          'x-frame-options: x-frame-options-implemented-via-csp 5',
          'cross-origin-resource-policy: corp-implemented-with-same-origin 10',
        ],
      );
      assert.deepEqual([score, grade], [135, 'A+']);
    },
  );
});
