import { PlatformError } from '../errors.ts';
import { blockedWords, keyboardRuns } from './blocklist.ts';

export type PasswordContext = {
  /** The account has a confirmed second factor: 8 characters suffice. Default false: 15. */
  hasSecondFactor?: boolean;
  /** Words an attacker would try first: the address, the person's and the organisation's name, the product's. */
  words?: readonly string[];
};

const maximumLength = 256;
/** Code points of a password that nothing stands beside. */
const minimumAlone = 15;
/** Different letters and digits that must be left once everything guessable is taken out. */
const unpredictableMinimum = 6;

/**
 * The form in which a password is hashed: NFKC, so that the same keys on two systems give the same password.
 *
 * @throws PlatformError password_invalid, password_long
 */
export function normalisePassword(password: string): string {
  if (password.length > 2 * maximumLength) throw refusal('password_long');
  if (!password.isWellFormed() || password.includes('\0')) throw refusal('password_invalid');
  const normalised = password.normalize('NFKC');
  if (Array.from(normalised).length > maximumLength) throw refusal('password_long');
  return normalised;
}

/**
 * Judges a new password by NIST SP 800-63B-4 section 3.1.1: 15 code points alone, 8 beside a second factor, 256 at
 * most, a blocklist, no rules of composition. Returns the form to hash.
 *
 * @throws PlatformError password_short, password_long, password_invalid, password_common
 */
export function acceptablePassword(password: string, context: PasswordContext = {}): string {
  const normalised = normalisePassword(password);
  const minimum = context.hasSecondFactor === true ? 8 : minimumAlone;
  if (Array.from(normalised).length < minimum) {
    const message = `A password needs at least ${minimum} characters.`;
    throw new PlatformError('password_short', { message, field: 'password' });
  }
  if (isGuessable(normalised, context.words ?? [])) throw refusal('password_common');
  return normalised;
}

/**
 * Whether a password does without a second factor.
 *
 * @param normalised as `acceptablePassword` returned it
 */
export function standsAlone(normalised: string): boolean {
  return Array.from(normalised).length >= minimumAlone;
}

// With 15 characters required, a list of whole passwords would catch nothing: what people do is to string common
// pieces together. So everything an attacker would guess is taken out, and what is left must be worth something.
function isGuessable(password: string, contextWords: readonly string[]): boolean {
  // Runs come first: beside letters, the digits of one would be read as letters.
  let rest = fold(withoutRuns(password.toLowerCase()));
  for (const word of guesses(contextWords)) rest = rest.replaceAll(word, ' ');
  rest = rest.replaceAll(/(?:19|20)\d\d/g, '').replaceAll(/[^\p{L}\p{N}]/gu, '');
  return new Set(rest).size < unpredictableMinimum;
}

const substitutions: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

// A digit stands for a letter only beside one: "p4ssw0rd" is "password", and "2024" stays a number.
function fold(text: string): string {
  return text.replaceAll(
    /(?<=\p{L})[013457@$!]|[013457@$!](?=\p{L})/gu,
    (sign) => substitutions[sign] ?? sign,
  );
}

function guesses(contextWords: readonly string[]): string[] {
  const words = contextWords
    .flatMap((word) =>
      word
        .normalize('NFKC')
        .toLowerCase()
        .split(/[^\p{L}\p{N}]+/u),
    )
    .filter((word) => word.length >= 4)
    .map(fold);
  return [...new Set([...words, ...blockedWords])].toSorted((a, b) => b.length - a.length);
}

// Four or more neighbours on a keyboard row, in the alphabet or among the digits, in either direction.
function withoutRuns(text: string): string {
  let rest = '';
  let index = 0;
  while (index < text.length) {
    const length = runAt(text, index);
    if (length < 4) rest += text.charAt(index);
    index += length < 4 ? 1 : length;
  }
  return rest;
}

function runAt(text: string, start: number): number {
  let length = 0;
  while (
    start + length < text.length &&
    keyboardRuns.some((run) => run.includes(text.slice(start, start + length + 1)))
  ) {
    length += 1;
  }
  return length;
}

function refusal(code: 'password_invalid' | 'password_long' | 'password_common'): PlatformError {
  return new PlatformError(code, { field: 'password' });
}
