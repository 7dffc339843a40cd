import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { callerAddress } from './callerAddress.ts';

const same: [string, string][] = [
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:0201', '192.0.2.1'],
  ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['::1', '::/64'],
  ['', 'unknown'],
  ['1', 'unknown'],
  ['010.0.0.1', 'unknown'],
  ['192.0.2.1, 10.0.0.1', 'unknown'],
];
for (const [address, counted] of same) {
  test(`T-38 EDG-2 ${address || 'nothing'} counts as ${counted}`, () => {
    assert.equal(callerAddress(address), counted);
  });
}

test('T-38 EDG-2 property: two IPv4 addresses never share a count, mapped or not', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), (one, other) => {
      assert.equal(callerAddress(`::ffff:${one}`), callerAddress(one));
      assert.equal(callerAddress(`::ffff:${one}`) === callerAddress(other), one === other);
    }),
  );
});
