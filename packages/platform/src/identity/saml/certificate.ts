import { X509Certificate } from 'node:crypto';
import { SamlFailure } from './failure.ts';

/** An identity provider's signing certificate. */
export type Certificate = {
  pem: string;
  /** SHA-256 of the DER, 64 lower-case hex digits: what an administrator compares. */
  fingerprint: string;
  subject: string;
  notBefore: Date;
  notAfter: Date;
};

const day = 24 * 3_600_000;
/** Days before its end from which on a certificate is pointed out. */
export const expiryWarningDays = 30;

export type CertificateState = 'current' | 'ends_soon' | 'expired' | 'not_yet_valid';

/** @param at milliseconds since the epoch */
export function stateOf(
  { notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>,
  at: number,
): CertificateState {
  if (notAfter.getTime() <= at) return 'expired';
  if (notBefore.getTime() > at) return 'not_yet_valid';
  return notAfter.getTime() - at < expiryWarningDays * day ? 'ends_soon' : 'current';
}

/**
 * Reads a certificate as metadata carries it, Base64 of DER, or as PEM. Only RSA of 2048 to 8192 bits is taken: it is what
 * every signature is verified with here.
 *
 * @throws SamlFailure metadata_refused
 */
export function readCertificate(text: string): Certificate {
  const base64 = text.replaceAll(/-----(?:BEGIN|END) CERTIFICATE-----/g, '').replaceAll(/\s/g, '');
  if (base64 === '' || base64.length > 16_384 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64))
    refuse('certificate');
  const certificate = parse(Buffer.from(base64, 'base64'));
  const { publicKey } = certificate;
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (publicKey.asymmetricKeyType !== 'rsa' || bits < 2048 || bits > 8192) {
    refuse(
      `certificate with a key other than RSA of 2048 bits or more: ${publicKey.asymmetricKeyType} ${bits}`,
    );
  }
  return {
    pem: certificate.toString(),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: certificate.subject.replaceAll('\n', ', ').slice(0, 200),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
  };
}

function parse(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new SamlFailure('metadata_refused', 'certificate', { cause });
  }
}

function refuse(detail: string): never {
  throw new SamlFailure('metadata_refused', detail);
}
