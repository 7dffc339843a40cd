export { csvCell, csvLine, csvValue } from './csv.ts';
export { attachment, downloadHeaders, savedHeaders } from './download.ts';
export { normaliseFileName } from './fileName.ts';
export { escapeHtml } from './html.ts';
export { acceptContent, plainText, sniffType, unknownType } from './type.ts';
export type { AcceptedTypes, GivenContent } from './type.ts';
