/** Bytes of the longest name in UTF-8: file systems hold 255, and a program that saves it may add to it. */
const longest = 200;

/** Windows opens a device under these, whatever the extension (Microsoft, Naming Files, Paths, and Namespaces). */
const device = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(?:\.|$)/i;

/** Controls, what is invisible or turns the direction of text (`txt.exe` for `exe.txt`), private use, half pairs. */
const unseen = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A file name that means the same wherever it is shown, saved or sent: the last part of a path, in Unicode's composed form
 * (NFC), without control, invisible and bidirectional characters, without what file systems reserve, not hidden, not an
 * option of a command, and of at most 200 bytes, its extension kept. Never empty; normalising twice changes nothing.
 *
 * @param options.fallback the name of what has none, default `file`
 */
export function normaliseFileName(name: string, { fallback = 'file' }: { fallback?: string } = {}): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const plain = last
    .normalize('NFC')
    .replaceAll(unseen, '')
    .replaceAll(/\p{Zs}+/gu, ' ')
    .replaceAll(/[<>:"|?*\ufffd]/g, '_')
    .normalize('NFC');
  const trimmed = trim(plain);
  if (trimmed === '') return fallback;
  const safe = device.test(trimmed) || trimmed.startsWith('-') ? `_${trimmed}` : trimmed;
  return shorten(safe);
}

/** Windows drops dots and blanks at the end, and a dot in front hides a file. */
function trim(name: string): string {
  return name.replace(/^[. ]+/, '').replace(/[. ]+$/, '');
}

function shorten(name: string): string {
  if (Buffer.byteLength(name) <= longest) return name;
  const extension = /\.[A-Za-z0-9]{1,16}$/.exec(name)?.[0] ?? '';
  let room = longest - extension.length;
  let stem = '';
  for (const character of name.slice(0, name.length - extension.length)) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    stem += character;
  }
  return `${trim(stem)}${extension}`;
}
