import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StandardOpenAPIJsonSerializer } from '@orpc/openapi-client/standard';
import fc from 'fast-check';
import { OutputSerializer } from './outputSerializer.ts';

const own = new OutputSerializer();
const library = new StandardOpenAPIJsonSerializer();
const textOf = (serializer: StandardOpenAPIJsonSerializer, data: unknown) => {
  const [json, hasBlob] = serializer.serialize(data);
  return { text: JSON.stringify(json), hasBlob };
};

test('any output is written as oRPC writes it', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    key: fc.oneof(fc.string(), fc.constantFrom('toJSON', '__proto__', 'constructor')),
  });
  fc.assert(
    fc.property(anything, (data) => assert.deepEqual(textOf(own, data), textOf(library, data))),
    { numRuns: 1000 },
  );
});

test('what has no JSON form of its own is turned into one', () => {
  const odd = {
    count: 12n,
    names: new Set(['a']),
    at: new Map([['x', new Date(Number.NaN)]]),
    url: new URL('https://example.org/'),
    toJSON: () => 'never asked',
  };
  const expected = '{"count":"12","names":["a"],"at":[["x",null]],"url":"https://example.org/"}';
  assert.equal(textOf(own, odd).text, expected);
  assert.equal(textOf(own, { file: new Blob(['x']) }).hasBlob, true);
});

test('an output that is JSON already is not copied', () => {
  const rows = { items: [{ id: 'a', amount: 1.5, at: new Date(0), note: null, gone: undefined }] };
  assert.equal(own.serialize(rows)[0], rows);
});
