import { fileTypeFromBuffer } from 'file-type';
import { PlatformError } from '../errors.ts';
import { normaliseFileName } from './fileName.ts';

/** Types a place takes, each with the extensions its files may have, in lower case and without the dot. */
export type AcceptedTypes = Readonly<Record<string, readonly string[]>>;

export type GivenContent = {
  /** The whole content, or its beginning: 4,100 bytes say enough of most types. */
  bytes: Uint8Array;
  /** What whoever sends it says it is; parameters such as a charset may follow. */
  declared: string;
  /** The file's name, if it has one. */
  name?: string | undefined;
};

export const plainText = 'text/plain';
export const unknownType = 'application/octet-stream';

/** Bytes in which text shows what it is. */
const beginning = 4100;

/** Types that are text and have no mark of their own: only that they are text can be seen. */
const textTypes =
  /^(?:text\/(?:plain|csv|tab-separated-values|markdown|calendar)|application\/(?:json|jsonl))$/;

/**
 * What bytes are by their content: a media type, `text/plain` for any UTF-8 text that is no markup, and
 * `application/octet-stream` for what nobody knows. Markup (HTML, SVG, XML) is told by its first tag, wherever a browser that
 * sniffs would find one (WHATWG MIME Sniffing section 7.1): behind blanks, comments and a byte order mark.
 */
export async function sniffType(bytes: Uint8Array): Promise<string> {
  const text = textOf(bytes);
  const markup = text === undefined ? undefined : markupOf(text);
  if (markup !== undefined) return markup;
  const known = await fileTypeFromBuffer(bytes);
  return known?.mime ?? (text === undefined ? unknownType : plainText);
}

/**
 * Refuses content that is not of a type taken here: by what is declared, by its name, or by what it holds.
 *
 * @returns the declared type, bare and in lower case, and the normalised name
 * @throws PlatformError content_type_refused: not taken here, or named as another type; content_type_mismatch: its content is of
 *   another type than it says
 */
export async function acceptContent(
  { bytes, declared, name }: GivenContent,
  accepted: AcceptedTypes,
): Promise<{ type: string; name: string | undefined }> {
  const type = declared.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const extensions = Object.hasOwn(accepted, type) ? accepted[type] : undefined;
  if (extensions === undefined) throw new PlatformError('content_type_refused');
  const safeName = name === undefined ? undefined : normaliseFileName(name);
  if (safeName !== undefined) {
    const extension = /\.([^.]+)$/.exec(safeName)?.[1]?.toLowerCase();
    if (extension === undefined || !extensions.includes(extension)) {
      throw new PlatformError('content_type_refused');
    }
  }
  const sniffed = await sniffType(bytes);
  const fits = sniffed === type || (sniffed === plainText && textTypes.test(type));
  if (!fits) throw new PlatformError('content_type_mismatch');
  return { type, name: safeName };
}

/** The beginning as text; undefined when it holds what no text does. */
function textOf(bytes: Uint8Array): string | undefined {
  const part = bytes.subarray(0, beginning);
  try {
    // Streaming: the last character may be cut in half.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(part, {
      stream: part.length < bytes.length,
    });
    return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function markupOf(text: string): string | undefined {
  if (!/^\s*<[a-z!?/]/i.test(text)) return undefined;
  const bare = text.replaceAll(/<!--.*?(?:-->|$)/gs, '');
  if (/<svg[\s>/:]|<[\w.-]+:svg[\s>/]/i.test(bare)) return 'image/svg+xml';
  const isXml =
    /^\s*<\?xml\s/i.test(text) && !/<(?:!doctype\s+)?(?:html|script|body|head|iframe)[\s>]/i.test(bare);
  return isXml ? 'application/xml' : 'text/html';
}
