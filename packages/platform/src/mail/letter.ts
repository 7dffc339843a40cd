import { escapeHtml } from '../content/index.ts';
import type { Message } from './message.ts';

/** What a letter says. Everything is plain text; it is escaped where it becomes HTML. */
export type Letter = {
  to: string;
  subject: string;
  /** Of the person, for the greeting. Absent: nobody is greeted by name. */
  name?: string | undefined;
  /** Before the link. */
  paragraphs: readonly string[];
  link?: { label: string; url: string } | undefined;
  /** After the link. */
  closing?: readonly string[] | undefined;
};

/**
 * Sets a letter as text and as HTML: no picture, no style sheet, no script, nothing fetched, colours left to the reader's
 * own scheme. The link's address is shown in full beside its label, so that it can be read before it is followed.
 *
 * @param product name of the service, under the letter
 */
export function setLetter(letter: Letter, product: string): Message {
  const { to, subject } = letter;
  return { to, subject, text: asText(letter, product), html: asHtml(letter, product) };
}

function greeting({ name }: Letter): string {
  return name === undefined ? 'Hello,' : `Hello ${name},`;
}

function asText(letter: Letter, product: string): string {
  const { paragraphs, link, closing = [] } = letter;
  const linked = link === undefined ? [] : [`${link.label}:\n${link.url}`];
  return `${[greeting(letter), ...paragraphs, ...linked, ...closing, `-- \n${product}`].join('\n\n')}\n`;
}

function asHtml(letter: Letter, product: string): string {
  const { paragraphs, link, closing = [], subject } = letter;
  const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`;
  const linked =
    link === undefined
      ? []
      : [
          `<p><a href="${escapeHtml(link.url)}"><strong>${escapeHtml(link.label)}</strong></a></p>`,
          `<p>Or copy this address:<br><span style="word-break:break-all">${escapeHtml(link.url)}</span></p>`,
        ];
  const body = [
    paragraph(greeting(letter)),
    ...paragraphs.map(paragraph),
    ...linked,
    ...closing.map(paragraph),
  ];
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">',
    `<title>${escapeHtml(subject)}</title></head>`,
    '<body style="font-family:system-ui,sans-serif;line-height:1.5;max-width:36rem;margin:0 auto;padding:1rem">',
    ...body,
    `<hr><p><small>${escapeHtml(product)}</small></p>`,
    '</body></html>',
    '',
  ].join('\n');
}
