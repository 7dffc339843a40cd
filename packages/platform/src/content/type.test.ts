import assert from 'node:assert/strict';
import { deflateRawSync } from 'node:zlib';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { acceptContent, sniffType, type AcceptedTypes } from './type.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const png = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082',
  'hex',
);
/** A valid GIF whose width is the beginning of a comment: as a script it assigns and runs. */
const gifScript = bytes(
  'GIF89a/*\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;*/=1;alert(1)',
);
const pdfScript = bytes('%PDF-1.7\n/*\n1 0 obj\n*/alert(1)');
const zip = Buffer.concat([
  bytes('PK\x03\x04\x14\0\0\0\x08\0'),
  Buffer.alloc(16),
  bytes('\x01\0\0\0a'),
  deflateRawSync('x'),
]);
const accepted: AcceptedTypes = {
  'text/csv': ['csv'],
  'image/png': ['png'],
  'image/gif': ['gif'],
  'application/json': ['json'],
};

describe('EDG-8 what bytes are', () => {
  for (const [what, content, type] of [
    ['a picture', png, 'image/png'],
    ['a GIF that is a script', gifScript, 'image/gif'],
    ['a PDF that is a script', pdfScript, 'application/pdf'],
    ['an archive', zip, 'application/zip'],
    ['text', bytes('code,name\nA1,Ada\n'), 'text/plain'],
    ['text in UTF-8', Buffer.from('\ufeffname\nZoë\n'), 'text/plain'],
    ['nothing', Buffer.alloc(0), 'text/plain'],
    ['a web page', bytes('<!DOCTYPE html><title>x</title>'), 'text/html'],
    ['a web page behind blanks', Buffer.from('\ufeff \n\t<Script>alert(1)</Script>'), 'text/html'],
    ['a web page behind a comment', bytes('<!-- x --><svgx><body onload=alert(1)>'), 'text/html'],
    [
      'a web page that calls itself XML',
      bytes('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>'),
      'text/html',
    ],
    ['a drawing', bytes('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'), 'image/svg+xml'],
    [
      'a drawing behind a declaration',
      bytes('<?xml version="1.0"?>\n<!-- <a> -->\n<s:svg xmlns:s="x"/>'),
      'image/svg+xml',
    ],
    ['XML', bytes('<?xml version="1.0"?>\n<EntityDescriptor/>'), 'application/xml'],
    ['a CSV with HTML in a cell', bytes('name\n<img src=x onerror=alert(1)>\n'), 'text/plain'],
    ['text with a NUL', bytes('name\0'), 'application/octet-stream'],
    ['Latin-1', bytes('M\xfcller'), 'application/octet-stream'],
  ] as const) {
    test(`${what} is ${type}`, async () => assert.equal(await sniffType(content), type));
  }

  test('a character cut in half at the end of a long text is text all the same', async () => {
    assert.equal(await sniffType(Buffer.from(`a${'é'.repeat(3000)}`)), 'text/plain');
  });

  test('property: any bytes are of some type, and no error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (content) => {
        assert.match(await sniffType(content), /^[a-z]+\/[a-z0-9.+-]+$/i);
      }),
    );
  });
});

describe('EDG-8 what a place takes', () => {
  for (const [what, given] of [
    [
      'text as CSV',
      { bytes: bytes('a,b\n'), declared: 'text/csv; charset=utf-8', name: 'C:\\fakepath\\a.CSV' },
    ],
    ['a picture', { bytes: png, declared: 'IMAGE/PNG', name: 'a.png' }],
    ['text without a name', { bytes: bytes('{}'), declared: 'application/json' }],
  ] as const) {
    test(`${what} is taken`, async () => {
      const { name } = await acceptContent(given, accepted);
      assert.equal(name, 'name' in given ? given.name.replace(/^.*\\/, '') : undefined);
    });
  }

  for (const [what, given, code] of [
    [
      'a type that is not taken',
      { bytes: bytes('<svg/>'), declared: 'image/svg+xml' },
      'content_type_refused',
    ],
    ['a type of a prototype', { bytes: bytes('a'), declared: 'constructor' }, 'content_type_refused'],
    ['no type', { bytes: bytes('a'), declared: '' }, 'content_type_refused'],
    [
      'a picture named as a page',
      { bytes: png, declared: 'image/png', name: 'a.png.html' },
      'content_type_refused',
    ],
    ['a name without extension', { bytes: png, declared: 'image/png', name: 'png' }, 'content_type_refused'],
    [
      'a name that turns around',
      { bytes: png, declared: 'image/png', name: 'gnp.\u202eexe.png\u202c.exe' },
      'content_type_refused',
    ],
    [
      'a page as CSV',
      { bytes: bytes('<html>,a\n'), declared: 'text/csv', name: 'a.csv' },
      'content_type_mismatch',
    ],
    [
      'a drawing as a picture',
      { bytes: bytes('<svg onload=alert(1)>'), declared: 'image/png' },
      'content_type_mismatch',
    ],
    [
      'a script that is a GIF, as JSON',
      { bytes: gifScript, declared: 'application/json' },
      'content_type_mismatch',
    ],
    ['a GIF as PNG', { bytes: gifScript, declared: 'image/png' }, 'content_type_mismatch'],
    ['text as a picture', { bytes: bytes('alert(1)'), declared: 'image/gif' }, 'content_type_mismatch'],
    ['an archive as CSV', { bytes: zip, declared: 'text/csv' }, 'content_type_mismatch'],
    ['a PDF that is a script, as CSV', { bytes: pdfScript, declared: 'text/csv' }, 'content_type_mismatch'],
  ] as const) {
    test(`${what} is refused: ${code}`, () => assert.rejects(acceptContent(given, accepted), { code }));
  }
});
