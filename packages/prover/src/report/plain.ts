/**
 * Text from the database, made safe for a terminal: names and messages are chosen by whoever made the schema, and a
 * control character in them could move the cursor, recolour the screen or reverse the line. Line breaks and tabs stay.
 */
export const plain = (text: string): string =>
  text.replaceAll(
    // C0 without tab and line feed, DEL, C1, and the characters that change the direction of text
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0') ?? ''}`,
  );

/** The same on one line. */
export const plainLine = (text: string): string => plain(text.replaceAll(/\s+/g, ' ').trim());

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML, in content and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  plain(text).replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
