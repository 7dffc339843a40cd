import { domainToASCII } from 'node:url';
import { PlatformError } from '../errors.ts';

export type EmailAddress = {
  /** As typed, after NFKC, with the domain in ASCII. Mail goes here. */
  address: string;
  /** In lower case. What an account is found by. */
  normalised: string;
};

const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i;
// The last label begins with a letter, as every top-level domain does and no IPv4 address.
const domainPart = /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?$/i;

/**
 * Reads a strict addr-spec: dot-string local part of at most 64 characters, domain of two labels or more, 254 in all
 * (RFC 5321 section 4.5.3.1). No quoted local part, display name, comment, address literal or list: what one mail
 * library reads as one address, another may read as two. Compatibility forms are folded by NFKC first and an
 * internationalised domain becomes its ASCII form, so that two spellings of one address are one account.
 *
 * @throws PlatformError email_invalid
 */
export function parseEmail(input: string): EmailAddress {
  if (input.length > 320 || !input.isWellFormed()) throw invalid();
  const folded = input.normalize('NFKC').trim();
  const at = folded.lastIndexOf('@');
  if (at < 1) throw invalid();
  const local = folded.slice(0, at);
  const domain = asciiDomain(folded.slice(at + 1));
  const address = `${local}@${domain}`;
  if (local.length > 64 || address.length > 254) throw invalid();
  if (!localPart.test(local) || !domainPart.test(domain)) throw invalid();
  return { address, normalised: address.toLowerCase() };
}

// domainToASCII drops and decodes what a URL's host would (tabs, percent signs), so it gets letters and digits only.
function asciiDomain(domain: string): string {
  if (/^[a-z0-9.-]+$/i.test(domain)) return domain;
  return /^[\p{L}\p{M}\p{N}.-]+$/u.test(domain) ? domainToASCII(domain) : '';
}

function invalid(): PlatformError {
  return new PlatformError('email_invalid', { field: 'email' });
}
