import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import {
  formatVerifier,
  secretKey,
  verifierOf,
  Witness,
  type Verifier,
  type WitnessAnswer,
} from '@bulkhead/platform/audit/ledger';
import { claim } from '../data-folder/claim.ts';
import { keepSecret } from '../data-folder/secretFile.ts';

export type ServingWitness = { readonly url: string; readonly key: string; close(): Promise<void> };

const largestBody = 64 * 1024;

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > largestBody) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

async function answer(witness: Witness, request: IncomingMessage): Promise<WitnessAnswer> {
  const type = 'text/plain; charset=utf-8';
  if (request.url !== '/add-checkpoint') return { status: 404, type, body: 'there is nothing here\n' };
  if (request.method !== 'POST') return { status: 405, type, body: 'send it by POST\n' };
  const body = await readBody(request);
  if (body === undefined) return { status: 413, type, body: 'that is too long\n' };
  return witness.addCheckpoint(body);
}

/**
 * Runs a witness whose key and state are in a folder of its own, which one process holds at a time.
 *
 * @param options `onFault` hears what kept a request from being answered
 * @throws ClaimedError when another process holds the folder
 */
export async function serveWitness(options: {
  folder: string;
  name: string;
  logs: readonly Verifier[];
  host: string;
  port: number;
  clock: () => number;
  onFault: (error: unknown) => void;
}): Promise<ServingWitness> {
  const { folder, name, logs, clock, onFault } = options;
  const seed = Buffer.from(await keepSecret(join(folder, 'witness-key')), 'hex');
  const held = await claim(join(folder, 'claim'));
  try {
    const secret = secretKey(seed);
    const raw = createPublicKey(secret).export({ type: 'spki', format: 'der' }).subarray(12);
    const verifier = verifierOf(name, 0x04, raw);
    const witness = new Witness({ folder: join(folder, 'logs'), logs, signer: { verifier, secret }, clock });
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 5000 }, (request, response) => {
      answer(witness, request).then(
        ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
        (error: unknown) => {
          onFault(error);
          response.writeHead(500, { 'content-type': 'text/plain' }).end('it could not be recorded\n');
        },
      );
    });
    await listen(server, options);
    const { port } = server.address() as AddressInfo;
    const close = async (): Promise<void> => {
      await new Promise((resolve) => server.close(resolve));
      await held.release();
    };
    return { url: `http://${options.host}:${port}`, key: formatVerifier(verifier), close };
  } catch (error) {
    await held.release();
    throw error;
  }
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}
