import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemContentType, toProblemDocument } from '../problem/problem.ts';
import { toParserRefusal } from '../problem/transport.ts';

/** Answers bytes that are no HTTP request, on the bare socket, and closes it. */
export function answerParserError(
  error: Error & { code?: string },
  { socket, headers }: { socket: Socket; headers: Readonly<Record<string, string>> },
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = toParserRefusal(error.code);
  const body = JSON.stringify(toProblemDocument(refusal, randomUUID()));
  const lines = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-type: ${problemContentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ];
  socket.end(lines.join('\r\n'));
}
