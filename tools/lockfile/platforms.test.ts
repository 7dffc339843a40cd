import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completed, missingOptional } from './platforms.ts';

const optionalDependencies = { '@tool/linux-arm-musleabihf': '1.2.3', '@tool/darwin-arm64': '1.2.3' };
const lockfile = {
  packages: {
    '': {},
    'node_modules/tool': { version: '1.2.3', dev: true, optionalDependencies },
    'node_modules/@tool/darwin-arm64': { version: '1.2.3', optional: true, os: ['darwin'], cpu: ['arm64'] },
  },
};

test('an optional package without an entry is found and completed from its name', () => {
  assert.deepEqual(missingOptional(lockfile), [['@tool/linux-arm-musleabihf', '1.2.3', 'node_modules/tool']]);
  const whole = completed(lockfile);
  assert.deepEqual(missingOptional(whole), []);
  assert.deepEqual(whole.packages['node_modules/@tool/linux-arm-musleabihf'], {
    version: '1.2.3',
    cpu: ['arm'],
    dev: true,
    libc: ['musl'],
    optional: true,
    os: ['linux'],
  });
});

test('a name that does not tell its platform is refused', () => {
  const odd = { packages: { 'node_modules/tool': { optionalDependencies: { 'tool-somewhere': '1.0.0' } } } };
  assert.throws(() => completed(odd), /tool-somewhere/);
});
