import { createPrivateKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { Pool } from 'pg';
import { randomUuid } from '../../random.ts';
import type { IdentityDependencies } from '../dependencies.ts';
import { selfSignedCertificate } from './selfSigned.ts';

/** What this installation signs its requests with. Both PEM. */
export type SamlKey = { certificate: string; privateKey: string };

type KeyParts = Pick<IdentityDependencies, 'pool' | 'cipher' | 'clock' | 'randomBytes'>;

const bits = 3072;
const years = 10;
const year = 365.25 * 24 * 3_600_000;

/** The installation's key; made on first use. Servers that start at once agree on one. */
export async function samlKey(identity: KeyParts): Promise<SamlKey> {
  return (await readKey(identity)) ?? makeKey(identity);
}

async function makeKey(identity: KeyParts): Promise<SamlKey> {
  const { cipher, clock, pool, randomBytes } = identity;
  const id = randomUuid(randomBytes);
  const now = clock();
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: bits });
  const der = selfSignedCertificate(privateKey, {
    name: 'Bulkhead SAML',
    // A day early, for providers whose clock is behind.
    notBefore: new Date(now - 24 * 3_600_000),
    notAfter: new Date(now + years * year),
    serial: randomBytes(16),
  });
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' });
  await pool.query(
    `insert into identity.saml_key (id, certificate, private_key_encrypted, created_at)
     values ($1, $2, $3, $4) on conflict do nothing`,
    [id, toPem(der), cipher.encrypt(secret, binding(id)), new Date(now)],
  );
  const kept = await readKey(identity);
  if (kept === undefined) throw new Error('the SAML key could not be stored');
  return kept;
}

async function readKey({
  pool,
  cipher,
}: {
  pool: Pool;
  cipher: KeyParts['cipher'];
}): Promise<SamlKey | undefined> {
  const { rows } = await pool.query<{ id: string; certificate: string; private_key_encrypted: Buffer }>(
    'select id, certificate, private_key_encrypted from identity.saml_key',
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  const secret = cipher.decrypt(row.private_key_encrypted, binding(row.id));
  if (cipher.isOutdated(row.private_key_encrypted)) {
    // The key-encryption key was rotated; after the next rotation this envelope would open no more.
    await pool.query('update identity.saml_key set private_key_encrypted = $2 where id = $1', [
      row.id,
      cipher.encrypt(secret, binding(row.id)),
    ]);
  }
  const privateKey = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' });
  return {
    certificate: row.certificate,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const binding = (id: string): readonly string[] => ['identity.saml_key', id, 'private_key'];

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
