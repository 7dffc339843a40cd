import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Debian's own: it alone finds Debian's pysaml2. */
const python = '/usr/bin/python3';

/** What an identity provider decides about a response; see identity_provider.py for what is left out. */
export type Wish = {
  acs: string;
  audience: string;
  inResponseTo?: string | undefined;
  user?: string;
  nameId?: string;
  format?: string;
  attributes?: Record<string, string[]>;
  issuer?: string;
  context?: string;
  sign?: 'both' | 'response' | 'assertion' | 'none';
  signAlgorithm?: string;
  digestAlgorithm?: string;
  key?: 'current' | 'next' | 'stranger';
  /** How long the assertion lives. Default 5. */
  minutes?: number;
  sessionMinutes?: number;
  encrypt?: boolean;
};

/** pysaml2 and xmlsec1 as a process of its own. */
export type IdentityProvider = {
  url: string;
  entityId: string;
  /** Makes a service known by its metadata; the only one then. */
  know: (serviceMetadata: string) => Promise<void>;
  metadata: () => Promise<string>;
  /** A genuine response, as XML. */
  respond: (wish: Wish) => Promise<string>;
  certificate: (key?: Wish['key']) => Promise<string>;
  privateKey: (key?: Wish['key']) => Promise<string>;
  close: () => Promise<void>;
};

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-saml-'));
  const script = fileURLToPath(new URL('identity_provider.py', import.meta.url));
  const child = spawn(python, ['-W', 'ignore', script, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const exited = once(child, 'exit');
  const first = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([line]) => String(line)),
    exited.then(() => undefined),
  ]);
  if (first === undefined) throw new Error(`the identity provider did not start: ${complaints}`);
  const { url } = JSON.parse(first) as { url: string };
  const call = async (path: string, body?: string): Promise<string> => {
    const response = await fetch(`${url}${path}`, body === undefined ? {} : { method: 'POST', body });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()} ${complaints}`);
    return response.text();
  };
  return {
    url,
    entityId: `${url}/metadata`,
    know: async (serviceMetadata) => void (await call('/services', serviceMetadata)),
    metadata: () => call('/metadata'),
    respond: (wish) => call('/respond', JSON.stringify(wish)),
    certificate: (key = 'current') => readFile(join(folder, `${key}.crt`), 'utf8'),
    privateKey: (key = 'current') => readFile(join(folder, `${key}.key`), 'utf8'),
    close: async () => {
      child.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
