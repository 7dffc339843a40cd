import { PlatformError } from '../../errors.ts';
import type { GenericSettings } from './source.ts';

const headerName = /^[a-z0-9][a-z0-9-]{0,63}$/;
const fieldName = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
/** At most one `{timestamp}`, followed by something that is no digit: else digits could move from it into the body. */
const template = /^[!-z|~]{0,40}(?:\{timestamp\}[!-/:-z|~]{1,10})?\{body\}$/;
/** Headers that say something else already, or that a proxy writes. */
const taken: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'host',
  'content-type',
  'content-length',
]);

/**
 * Checks how a generic source signs.
 *
 * @throws PlatformError input_invalid, field `settings`
 */
export function checkSettings(settings: GenericSettings): GenericSettings {
  const { signatureHeader, encoding, prefix, timestampHeader, signed, idField, typeField } = settings;
  for (const name of [signatureHeader, timestampHeader]) {
    if (name !== undefined && (!headerName.test(name) || taken.has(name))) {
      throw invalid(`“${name}” cannot be the header of a signature.`);
    }
  }
  if (!template.test(signed) || signed.includes('{timestamp}') !== (timestampHeader !== undefined)) {
    throw invalid(
      'What is signed ends in {body}, with {timestamp} and a separator before it when a header names the time.',
    );
  }
  for (const name of [idField, typeField]) {
    if (name !== undefined && !fieldName.test(name))
      throw invalid(`“${name}” cannot be the name of a member.`);
  }
  if (prefix !== undefined && !/^[!-~]{0,20}$/.test(prefix))
    throw invalid('The prefix is up to 20 characters.');
  return dropAbsent({ signatureHeader, encoding, prefix, timestampHeader, signed, idField, typeField });
}

function dropAbsent(settings: GenericSettings): GenericSettings {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as GenericSettings;
}

function invalid(message: string): PlatformError {
  return new PlatformError('input_invalid', { field: 'settings', message });
}
