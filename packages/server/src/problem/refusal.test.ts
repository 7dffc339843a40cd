import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataError } from '@bulkhead/kernel';
import type { DataErrorCode } from '@bulkhead/kernel';
import { PlatformError, platformErrors } from '@bulkhead/platform/errors';
import type { PlatformErrorCode } from '@bulkhead/platform/errors';
import { ORPCError } from '@orpc/server';
import { commonErrors, platformErrorMap } from '../contract/errors.ts';
import { internalError, toProblemDocument } from './problem.ts';
import { RefusalError, toRefusal } from './refusal.ts';

const answers = new Map([
  ['invoice_number_unique', { status: 409, code: 'number_taken', message: 'This number is taken.' }],
]);
const secret = 'Key (email)=(ada@example.org) already exists.';

const pgError = (fields: object) => Object.assign(new Error(secret), fields);

const table: { name: string; error: unknown; expected: [number, string] }[] = [
  { name: 'a duplicate', error: new DataError('already_exists'), expected: [409, 'already_exists'] },
  {
    name: 'a named constraint',
    error: new DataError('already_exists', { constraint: 'invoice_number_unique' }),
    expected: [409, 'number_taken'],
  },
  { name: 'a row of another tenant', error: new DataError('row_refused'), expected: [403, 'row_refused'] },
  {
    name: 'a value out of its rule',
    error: new DataError('invalid_value'),
    expected: [422, 'invalid_value'],
  },
  { name: 'a serialisation failure', error: new DataError('retry'), expected: [409, 'retry'] },
  { name: 'a statement that took too long', error: new DataError('timeout'), expected: [503, 'timeout'] },
  {
    name: 'a database that is gone',
    error: new DataError('database_unavailable'),
    expected: [503, 'database_unavailable'],
  },
  {
    name: 'a context the database refuses: our own fault',
    error: new DataError('context_refused'),
    expected: [500, 'internal'],
  },
  { name: 'a failure of the data access', error: new DataError('internal'), expected: [500, 'internal'] },
  { name: 'a refusal of a slice', error: new PlatformError('last_owner'), expected: [409, 'last_owner'] },
  {
    name: 'a driver’s duplicate',
    error: pgError({ severity: 'ERROR', code: '23505' }),
    expected: [409, 'already_exists'],
  },
  {
    name: 'a driver’s syntax error',
    error: pgError({ severity: 'ERROR', code: '42601' }),
    expected: [500, 'internal'],
  },
  {
    name: 'a connection turned away',
    error: pgError({ severity: 'FATAL', code: '3D000' }),
    expected: [503, 'database_unavailable'],
  },
  {
    name: 'nobody listening',
    error: pgError({ code: 'ECONNREFUSED' }),
    expected: [503, 'database_unavailable'],
  },
  {
    name: 'a pool that gave up',
    error: new Error('timeout exceeded when trying to connect'),
    expected: [503, 'database_unavailable'],
  },
  {
    name: 'a refusal of a module',
    error: new ORPCError('number_taken', { status: 409 }),
    expected: [409, 'number_taken'],
  },
  {
    name: 'a fault of a library',
    error: new ORPCError('BAD_GATEWAY', { message: secret }),
    expected: [500, 'internal'],
  },
  {
    name: 'an unreadable input',
    error: new ORPCError('BAD_REQUEST', { message: secret }),
    expected: [400, 'invalid_input'],
  },
  {
    name: 'a refusal made here',
    error: new RefusalError({ status: 418, code: 'teapot', message: '' }),
    expected: [418, 'teapot'],
  },
  { name: 'a mistake in the code', error: new TypeError(secret), expected: [500, 'internal'] },
  { name: 'something that is no error', error: secret, expected: [500, 'internal'] },
  { name: 'nothing', error: undefined, expected: [500, 'internal'] },
];
for (const { name, error, expected } of table) {
  test(`${name} is answered with ${expected.join(' ')}, without inner detail`, () => {
    const refusal = toRefusal(error, answers);
    assert.deepEqual([refusal.status, refusal.code], expected);
    assert.ok(!JSON.stringify(toProblemDocument(refusal, 'id')).includes('ada@example.org'));
    assert.equal(refusal.status === 503, refusal.retryAfter !== undefined);
  });
}

test('advice written in the schema reaches the client as detail', () => {
  const error = new DataError('delete_refused', { hint: 'Set deleted_at instead.' });
  assert.equal(toProblemDocument(toRefusal(error, answers), 'id').detail, 'Set deleted_at instead.');
  assert.equal(toProblemDocument(internalError, 'id').detail, undefined);
});

test('the contract promises exactly the statuses that are answered', () => {
  for (const code of Object.keys(platformErrors) as PlatformErrorCode[]) {
    const { status } = toRefusal(new PlatformError(code), answers);
    assert.equal(platformErrorMap(code)[code].status, status, code);
  }
  const dataCodes: DataErrorCode[] = [
    'already_exists',
    'still_referenced',
    'reference_missing',
    'retry',
    'invalid_value',
    'database_unavailable',
  ];
  for (const code of dataCodes) {
    const promised = (commonErrors as Record<string, { status: number }>)[code]?.status;
    assert.equal(promised, toRefusal(new DataError(code), answers).status, code);
  }
});
