import { isUtf8 } from 'node:buffer';
import { SamlFailure } from './failure.ts';

/** Characters of XML a message may have. A genuine response has 5,000 to 20,000; one with 500 groups 60,000. */
export const largestMessage = 256 * 1024;
/** Elements, attributes, and how deep elements may stand in each other: what a parser's work grows with. */
const most = { elements: 2000, attributes: 3000, depth: 40 };

/**
 * Text of a message from its form field. White space between Base64 lines is dropped, as MIME does; anything else that
 * is not the one canonical encoding is refused, so that a message has one form only.
 *
 * @throws SamlFailure too_large, encoding_refused
 */
export function decodeMessage(field: string): string {
  if (field.length > largestMessage * 2) throw new SamlFailure('too_large');
  const base64 = field.replaceAll(/[ \t\r\n]/g, '');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== base64 || !isUtf8(bytes)) {
    throw new SamlFailure('encoding_refused');
  }
  return bytes.toString('utf8');
}

export type TextRule = { name: string; check: (text: string) => void };

const forbidden = (name: string, pattern: RegExp): TextRule => ({
  name,
  check: (text) => {
    if (pattern.test(text)) throw new SamlFailure('xml_forbidden', name);
  },
});

const known = /&(?:lt|gt|amp|quot|apos|#\d{1,7}|#x[\da-f]{1,6});/gi;

/**
 * What may stand in a message at all, decided on its text, before any parser: where two parsers could read one text
 * differently, or one parser could be made to work without end, there is nothing to read.
 */
export const textRules: readonly TextRule[] = [
  {
    name: 'size',
    check: (text) => {
      if (text.length > largestMessage) throw new SamlFailure('too_large', 'characters');
    },
  },
  forbidden('comment', /<!--/),
  forbidden('CDATA section', /<!\[/),
  forbidden('document type', /<![^-[]/),
  forbidden('processing instruction', /<\?/),
  {
    name: 'entity',
    check: (text) => {
      if (text.replaceAll(known, '').includes('&')) throw new SamlFailure('xml_forbidden', 'entity');
    },
  },
  {
    name: 'character',
    check: (text) => {
      // What XML 1.0 has no way to write (section 2.2), and the two line ends that XML 1.1 alone would fold.
      if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|[\u0085\u2028]/u.test(text)) {
        throw new SamlFailure('xml_forbidden', 'character');
      }
      for (const [, digits = ''] of text.matchAll(/&#(x[\da-f]+|\d+);/gi)) {
        const point = /^x/i.test(digits) ? Number.parseInt(digits.slice(1), 16) : Number(digits);
        if (!isCharacter(point)) throw new SamlFailure('xml_forbidden', 'character reference');
      }
    },
  },
  { name: 'markup', check: checkMarkup },
];

const qName = String.raw`[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?`;
const attribute = String.raw`\s+${qName}\s*=\s*(?:"[^<"]*"|'[^<']*')`;
const token = new RegExp(
  String.raw`<(/?)(${qName})((?:${attribute})*)\s*(/?)>|[^<]+|<!--(?:(?!--)[^])*-->`,
  'y',
);
const attributes = new RegExp(attribute, 'g');

/** Every start tag has its end tag, and no tag an attribute twice. The parser used here lets a stray end tag pass. */
function checkMarkup(text: string): void {
  const open: string[] = [];
  const count = { elements: 0, attributes: 0 };
  for (let at = 0; at < text.length; at = token.lastIndex) {
    token.lastIndex = at;
    const [all, end, tag, inner = '', empty] = token.exec(text) ?? refuseMarkup(text, at);
    if (all === '') refuseMarkup(text, at);
    if (tag === undefined) continue;
    if (end === '/') {
      if (open.pop() !== tag || inner !== '' || empty !== '') refuseMarkup(text, at);
      continue;
    }
    const names = Array.from(inner.matchAll(attributes), ([found]) => found.split('=', 1)[0]?.trim());
    if (new Set(names).size !== names.length) refuseMarkup(text, at);
    if ((count.attributes += names.length) > most.attributes)
      throw new SamlFailure('too_large', 'attributes');
    if ((count.elements += 1) > most.elements) throw new SamlFailure('too_large', 'elements');
    if (empty === '') open.push(tag);
    if (open.length > most.depth) throw new SamlFailure('too_large', 'depth');
  }
  if (open.length > 0) refuseMarkup(text, text.length);
}

function refuseMarkup(text: string, at: number): never {
  throw new SamlFailure('xml_malformed', `at character ${Math.min(at, text.length)}`);
}

// Java's signers write the line ends of a signature as &#13;, so line ends and tabs are among them.
function isCharacter(point: number): boolean {
  return (
    point === 0x9 ||
    point === 0xa ||
    point === 0xd ||
    (point >= 0x20 && point <= 0xd7ff) ||
    (point >= 0xe000 && point <= 0xfffd) ||
    (point >= 0x10000 && point <= 0x10ffff)
  );
}

/** Without the XML declaration, with line ends folded (XML 1.0 section 2.11): what is parsed, and what is verified. */
export function normaliseText(text: string): string {
  const declaration =
    /^<\?xml\s+version=(["'])1\.0\1(?:\s+encoding=(["'])utf-8\2)?(?:\s+standalone=(["'])(?:yes|no)\3)?\s*\?>/i;
  // trim(), not a pattern: one that looks for white space at the end takes quadratic time over white space within.
  return text
    .replace(/^\u{feff}/u, '')
    .replace(declaration, '')
    .replaceAll(/\r\n?/g, '\n')
    .trim();
}
