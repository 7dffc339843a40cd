import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { isOpened, isPublicUnicast } from './address.ts';

// For each special range its first and last address, and the neighbours just outside that are public.
const edges: [name: string, inside: string[], outside: string[]][] = [
  ['this network', ['0.0.0.0', '0.0.0.1', '0.255.255.255'], ['1.0.0.0']],
  ['private 10/8', ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
  ['carrier-grade NAT', ['100.64.0.0', '100.127.255.255'], ['100.63.255.255', '100.128.0.0']],
  ['loopback', ['127.0.0.0', '127.0.0.1', '127.255.255.255'], ['126.255.255.255', '128.0.0.0']],
  [
    'link-local and metadata',
    ['169.254.0.0', '169.254.169.254', '169.254.255.255'],
    ['169.253.255.255', '169.255.0.0'],
  ],
  ['Azure host', ['168.63.129.16'], ['168.63.129.15', '168.63.129.17']],
  ['private 172.16/12', ['172.16.0.0', '172.31.255.255'], ['172.15.255.255', '172.32.0.0']],
  ['protocol assignments', ['192.0.0.0', '192.0.0.192', '192.0.0.255'], ['191.255.255.255', '192.0.1.0']],
  ['documentation 1', ['192.0.2.0', '192.0.2.255'], ['192.0.1.255', '192.0.3.0']],
  ['6to4 relay', ['192.88.99.0', '192.88.99.255'], ['192.88.98.255', '192.88.100.0']],
  ['private 192.168/16', ['192.168.0.0', '192.168.255.255'], ['192.167.255.255', '192.169.0.0']],
  ['benchmarking', ['198.18.0.0', '198.19.255.255'], ['198.17.255.255', '198.20.0.0']],
  ['documentation 2', ['198.51.100.0', '198.51.100.255'], ['198.51.99.255', '198.51.101.0']],
  ['documentation 3', ['203.0.113.0', '203.0.113.255'], ['203.0.112.255', '203.0.114.0']],
  [
    'multicast, reserved, broadcast',
    ['224.0.0.0', '239.255.255.255', '240.0.0.0', '255.255.255.255'],
    ['223.255.255.255'],
  ],
  ['IPv4-compatible ::/96 (T-53)', ['::', '::1', '::7f00:1', '::127.0.0.1', '::8.8.8.8'], []],
  ['IPv4-mapped', ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:8.8.8.8', '::ffff:0:127.0.0.1'], []],
  ['NAT64', ['64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:7f00:1'], []],
  ['discard', ['100::', '100::ffff:ffff:ffff:ffff', '100:0:0:1::1'], []],
  [
    'Teredo and protocol assignments',
    ['2001::', '2001::1', '2001:2::1', '2001:10::1', '2001:20::1', '2001:1ff:ffff::1'],
    ['2001:200::1'],
  ],
  [
    'IPv6 documentation',
    ['2001:db8::1', '2001:db8:ffff:ffff::1', '3fff::1', '3fff:fff:ffff::1'],
    ['2001:db7::1', '2001:db9::1', '3fff:1000::1'],
  ],
  ['6to4', ['2002::', '2002:7f00:1::', '2002:a00:1::1', '2002:ffff:ffff::1'], ['2003::1']],
  ['AS112', ['2620:4f:8000::1'], ['2620:4f:8001::1']],
  [
    'unassigned, site-local, unique local',
    ['4000::1', '5f00::1', 'fc00::1', 'fd00:ec2::254', 'fdff::1', 'fec0::1'],
    ['2606:4700::1111'],
  ],
  ['link-local and multicast', ['fe80::1', 'febf::1', 'ff02::1'], []],
  ['below what is routed', ['1fff:ffff::1'], ['2000::1', '3ffe::1']],
  [
    'what is no plain address',
    [
      '',
      'localhost',
      '127.1',
      '0x7f.0.0.1',
      '0177.0.0.1',
      '2130706433',
      '[::1]',
      'fe80::1%eth0',
      '8.8.8.8%1',
      ' 8.8.8.8',
      '8.8.8.8.',
      '::ffff:08.8.8.8',
    ],
    ['8.8.8.8', '2001:4860:4860::8888'],
  ],
];

describe('what counts as public unicast (EDG-7, T-53)', () => {
  for (const [name, inside, outside] of edges) {
    test(`${name}: inside refused, next door public`, () => {
      assert.deepEqual(inside.filter(isPublicUnicast), []);
      assert.deepEqual(
        outside.filter((address) => !isPublicUnicast(address)),
        [],
      );
    });
  }

  test('no IPv6 address that carries a private IPv4 address in a known way is public', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const prefixes = ['::', '::ffff:', '::ffff:0:', '64:ff9b::', '64:ff9b:1::'];
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), fc.constantFrom(...prefixes), (bytes, prefix) => {
        assert.equal(isPublicUnicast(prefix + bytes.join('.')), false);
      }),
    );
  });

  test('what is public here, ipaddr.js calls unicast too; any text gets an answer', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        if (isPublicUnicast(text)) assert.equal(ipaddr.parse(text).range(), 'unicast');
      }),
    );
  });

  test('an operator opens a range for named ports, and link-local never', () => {
    const targets = [
      { range: '10.2.0.0/24', ports: [8443] },
      { range: '0.0.0.0/0', ports: [9000] },
      { range: '::/0', ports: [9000] },
    ];
    assert.equal(isOpened('10.2.0.9', 8443, targets), true);
    assert.equal(isOpened('10.2.1.0', 8443, targets), false);
    assert.equal(isOpened('10.2.0.9', 443, targets), false);
    assert.equal(isOpened('127.0.0.1', 9000, targets), true);
    assert.equal(isOpened('fd12:3456::1', 9000, targets), true);
    for (const closed of [
      '169.254.169.254',
      '0.0.0.0',
      '224.0.0.1',
      '255.255.255.255',
      'fe80::1',
      '::',
      'ff02::1',
      'fd00:ec2::254',
      '100.100.100.200',
      '::ffff:169.254.169.254',
      '::ffff:10.2.0.9',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b:1::a9fe:a9fe',
      '2002:a9fe:a9fe::',
      '2001:0:a9fe:a9fe::',
      'fd20:ce::254',
      '192.0.0.192',
      '168.63.129.16',
    ]) {
      assert.equal(isOpened(closed, 9000, targets), false, closed);
    }
  });
});
