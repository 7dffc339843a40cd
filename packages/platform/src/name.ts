import { PlatformError } from './errors.ts';

/**
 * Reads the name of a person, tenant or company: 1 to 200 characters after trimming, on one line, in NFC.
 *
 * @throws PlatformError input_invalid with the given field
 */
export function parseName(input: string, field: string): string {
  const name = input.length <= 1000 && input.isWellFormed() ? input.normalize('NFC').trim() : '';
  // Control characters, line separators, and the marks that turn the reading direction of what follows.
  if (
    name === '' ||
    Array.from(name).length > 200 ||
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(name)
  ) {
    throw new PlatformError('input_invalid', {
      message: 'A name has 1 to 200 characters on one line.',
      field,
    });
  }
  return name;
}
