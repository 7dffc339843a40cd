import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainFailure, type EmbeddedErrorCode } from './errors.ts';

const explain = (line: string) =>
  explainFailure({ folder: '/data/cluster', port: 5432, fallback: 'start_failed', log: [line] });

// Lines as Postgres 18 and its initdb write them.
const cases: [string, EmbeddedErrorCode, RegExp][] = [
  [
    'FATAL:  could not write lock file "postmaster.pid": No space left on device',
    'disk_full',
    /disk that holds \/data\/cluster is full: free some space/,
  ],
  ['initdb: error: could not write to file "/data/cluster/x": Disk quota exceeded', 'disk_full', /is full/],
  [
    'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use',
    'port_taken',
    /Port 5432 is taken by another program: end it, or choose another port/,
  ],
  ['LOG:  could not bind IPv4 address "127.0.0.1": Permission denied', 'port_refused', /above 1023/],
  [
    'HINT:  Is another postmaster (PID 4711) running in data directory "/data/cluster"?',
    'server_running',
    /kill -INT 4711/,
  ],
  [
    'FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use',
    'server_running',
    /end the leftover "postgres" processes/,
  ],
  [
    'initdb: error: could not access directory "/data/cluster": Permission denied',
    'data_folder_unwritable',
    /give its user permission/,
  ],
  ['FATAL:  something new', 'start_failed', /last words: FATAL: {2}something new/],
];

for (const [line, code, message] of cases) {
  test(`${code}: ${line}`, () => {
    const error = explain(line);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.deepEqual(error.log, [line]);
  });
}
