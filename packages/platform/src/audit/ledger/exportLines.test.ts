import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { linesOf, readLink } from './exportLines.ts';

async function linesIn(content: Buffer): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-lines-'));
  try {
    const file = join(folder, 'file');
    await writeFile(file, content);
    const found: string[] = [];
    for await (const lines of linesOf(file)) found.push(...lines.map((line) => line.toString('latin1')));
    return found;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const leaf = Buffer.alloc(32, 7).toString('base64');

describe('lines of an export', () => {
  test('are the file’s, wherever the pieces end that it is read in', async () => {
    const million = 1 << 20;
    for (const lengths of [
      [],
      [0],
      [5, 0, 3],
      [million - 1, 1],
      [million, 2],
      [3, 3 * million, 4],
      [million - 2, million],
    ]) {
      const wanted = lengths.map((length, n) => String.fromCharCode(97 + n).repeat(length));
      const text = wanted.join('\n');
      assert.deepEqual(await linesIn(Buffer.from(`${text}\n`)), lengths.length === 0 ? [''] : wanted);
      if (wanted.at(-1) !== '') {
        assert.deepEqual(
          await linesIn(Buffer.from(text)),
          wanted.length === 0 ? [] : wanted,
          'without a last line feed',
        );
      }
    }
  });

  test('longer than any entry are refused, not held', async () => {
    await assert.rejects(linesIn(Buffer.alloc((1 << 25) + (1 << 21), 97)), {
      name: 'ExportError',
      message: /longer than 32 MiB/,
    });
  });

  test('read by their places say what they say when parsed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (bytes, seq) => {
        const entry = Buffer.from(bytes);
        const line = { seq, leaf, entry: entry.toString('base64') };
        const link = readLink(Buffer.from(JSON.stringify(line)), seq);
        assert.deepEqual(
          { ...link, entry: Buffer.from(link.entry ?? []) },
          { seq, leaf: Buffer.alloc(32, 7), entry },
        );
        const spaced = readLink(Buffer.from(JSON.stringify(line, undefined, 1).replaceAll('\n', '')), seq);
        assert.deepEqual(
          { ...spaced, entry: Buffer.from(spaced.entry ?? []) },
          { seq, leaf: Buffer.alloc(32, 7), entry },
        );
      }),
    );
  });

  test('that look like it and are not are parsed, or refused', () => {
    const line = (entry: string): Buffer => Buffer.from(`{"seq":0,"leaf":"${leaf}","entry":"${entry}"}`);
    const twice = readLink(line('QUJD","entry":"REVG'), 0);
    assert.deepEqual(twice.entry, Buffer.from('DEF'), 'of two, a reader of JSON takes the last');
    const bare = readLink(Buffer.from(`{"seq":0,"leaf":"${leaf}"}`), 0);
    assert.equal(bare.entry, undefined);
    const other = readLink(Buffer.from(`{"seq":9,"leaf":"${leaf}","entry":"QUJD"}`), 0);
    assert.equal(other.seq, 9);
    for (const text of [
      '',
      '{',
      '{}',
      '{"seq":0,"leaf":"QUJD"}',
      `{"seq":0.5,"leaf":"${leaf}"}`,
      '[0]',
      'null',
      '"x"',
    ]) {
      assert.throws(() => readLink(Buffer.from(text), 4), { name: 'ExportError', message: /^Line 6 / }, text);
    }
  });
});
