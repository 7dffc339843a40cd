import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { lookup as systemLookup } from 'node:dns';
import { Agent, request } from 'undici';
import { openListener, type Listener } from '../../test/listener.ts';
import { withMutant, type Mutation } from '../../test/mutant.ts';
import { guardedFetch, type GuardedRequest } from './guardedFetch.ts';

type Mutant = { guardedFetch: typeof guardedFetch };

// Every way to write "this machine" or "the inner network" that a user could put into a form. Those that Node's own
// connections would bring to the listener are marked: without the guard they arrive.
const literals: [host: string, arrives: boolean][] = [
  ['127.0.0.1', true],
  ['127.1', true],
  ['127.0.1', true],
  ['2130706433', true],
  ['0x7f000001', true],
  ['0x7f.1', true],
  ['0X7F.0.0.1', true],
  ['0177.0.0.1', true],
  ['0177.0.0.01', true],
  ['017700000001', true],
  ['127.0.0.1.', true],
  ['127.255.255.254', true],
  ['0', true],
  ['0.0.0.0', true],
  ['①②⑦.0.0.1', true],
  ['127。0。0。1', true],
  ['%31%32%37.0.0.1', true],
  ['0x7F.0.0.0x1', true],
  ['0300.0250.0.1', false],
  ['0xC0A80001', false],
  ['3232235521', false],
  ['0xa9fea9fe', false],
  ['169.254.43518', false],
  ['0251.0376.0251.0376', false],
  ['[fe80::1%25lo]', false],
  ['[::1%25lo]', false],
  ['[::1].', false],
  ['127.0.0.1..', false],
  ['127.0.0.1%00.example.com', false],
  ['127.0.0.1%2eexample.com', false],
  ['127.0.0.1\\@example.com', false],
  ['example.com@127.0.0.1', true],
  ['１２７．０．０．１', true],
  ['127\uff0e0\uff0e0\uff0e1', true],
  ['⑯⑨.254.169.254', false],
  ['ｌｏｃａｌｈｏｓｔ', true],
  ['loc\u00adalhost', true],
  ['[0:0:0:0:0:ffff:127.0.0.1]', true],
  ['[::ffff:0:127.0.0.1]', false],
  ['[::ffff:0x7f.1]', false],
  ['[64:ff9b::7f00:1]', false],
  ['[64:ff9b::a9fe:a9fe]', false],
  ['[2002:a9fe:a9fe::1]', false],
  ['[2001:0:4136:e378:8000:63bf:80ff:fffe]', false],
  ['[fec0::1]', false],
  ['[fc00::1]', false],
  ['[ff02::1]', false],
  ['[100::1]', false],
  ['[2001:db8::1]', false],
  ['192.0.0.192', false],
  ['100.100.100.200', false],
  ['0.0.0.0.', true],
  ['00000177.1', true],
  ['[::1]', false],
  ['[0:0:0:0:0:0:0:1]', false],
  ['[::]', false],
  ['[::ffff:127.0.0.1]', true],
  ['[::ffff:7f00:1]', true],
  ['[::127.0.0.1]', false],
  ['[::7f00:1]', false],
  ['[64:ff9b::127.0.0.1]', false],
  ['[64:ff9b:1::7f00:1]', false],
  ['[2002:7f00:1::]', false],
  ['[2001::1]', false],
  ['[fe80::1]', false],
  ['[fd00:ec2::254]', false],
  ['10.0.0.1', false],
  ['172.16.0.1', false],
  ['192.168.0.1', false],
  ['100.64.0.1', false],
  ['169.254.169.254', false],
  ['168.63.129.16', false],
  ['198.18.0.1', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['localhost', true],
  ['LOCALHOST', true],
  ['localhost.', true],
  ['app.localhost', true],
  ['db', false],
  ['metadata.google.internal', false],
  ['printer.local', false],
  ['a..b', false],
];

const inner = [
  '127.0.0.1',
  '::1',
  '::ffff:127.0.0.1',
  '10.0.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '::7f00:1',
  'fe80::1%eth0',
  '',
  'nonsense',
];
const elsewhere = '93.184.215.14';
const closed = { name: 'OutboundError' };

describe('what no address written by a user may reach (EDG-7)', () => {
  let listener: Listener;
  let options: GuardedRequest;
  before(async () => {
    listener = await openListener();
  });
  beforeEach(() => {
    options = { http: true, ports: [listener.port], resolve: () => Promise.resolve(['127.0.0.1']) };
  });
  after(() => listener.close());

  const notReached = async (attempt: () => Promise<unknown>): Promise<void> => {
    const before = listener.connections();
    await assert.rejects(attempt, closed);
    assert.equal(listener.connections(), before);
  };

  for (const [host, arrives] of literals) {
    test(`T-52: ${host}`, async () => {
      const url = `http://${host}:${listener.port}/`;
      await notReached(() => guardedFetch(url, options));
      if (!arrives) return;
      const bare = new Agent({
        connect: { lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]) },
      });
      const { body, statusCode } = await request(url, { dispatcher: bare });
      await body.dump();
      await bare.destroy();
      assert.equal(statusCode, 200);
    });
  }

  for (const address of inner) {
    test(`T-54: a name that resolves to ${address || 'nothing'}`, async () => {
      const url = `http://app.example.com:${listener.port}/`;
      await notReached(() => guardedFetch(url, { ...options, resolve: () => Promise.resolve([address]) }));
      // One public address among them does not redeem the rest.
      await notReached(() =>
        guardedFetch(url, { ...options, resolve: () => Promise.resolve([elsewhere, address]) }),
      );
      await notReached(() =>
        guardedFetch(url, { ...options, resolve: () => Promise.resolve([address, elsewhere]) }),
      );
    });
  }

  test('T-54: a resolver that answers differently the second time is asked once for a connection', async () => {
    const answers = [elsewhere, '127.0.0.1'];
    let asked = 0;
    const rebinding = (): Promise<string[]> => Promise.resolve([answers[Math.min(asked++, 1)] ?? '']);
    const url = `http://rebind.example.com:${listener.port}/`;
    await notReached(() =>
      guardedFetch(url, { ...options, resolve: rebinding, timeouts: { connect: 60, total: 200 } }),
    );
    assert.equal(asked, 1);
    // What it replaces: judge the name, then let the client look it up again.
    asked = 0;
    assert.notEqual((await rebinding())[0], '127.0.0.1');
    const naive = new Agent({
      connect: {
        lookup: (_name, _options, found) =>
          void rebinding().then(([address = '']) => found(null, [{ address, family: 4 }])),
      },
    });
    const { body, statusCode } = await request(url, { dispatcher: naive });
    await body.dump();
    await naive.destroy();
    assert.equal(statusCode, 200);
  });

  test('T-58: a resolver that fails, hangs, answers nothing or too much refuses', async () => {
    const url = `http://app.example.com:${listener.port}/`;
    const answers: (() => Promise<readonly string[]>)[] = [
      () => Promise.reject(new Error('SERVFAIL')),
      () => {
        throw new Error('broken');
      },
      () => new Promise(() => {}),
      () => Promise.resolve([]),
      () => Promise.resolve(Array.from({ length: 33 }, () => elsewhere)),
      () => Promise.resolve(undefined as never),
      () => Promise.resolve('93.184.215.14' as never),
    ];
    const before = listener.connections();
    for (const resolve of answers) {
      const code = 'destination_refused';
      // oxlint-disable-next-line no-await-in-loop -- each counts the same listener's connections
      await assert.rejects(guardedFetch(url, { ...options, resolve, timeouts: { resolve: 30 } }), { code });
    }
    assert.equal(listener.connections(), before);
  });

  test('a private name and one that does not exist get one answer', async () => {
    const said = async (resolve: () => Promise<string[]>): Promise<string> => {
      const error: unknown = await guardedFetch(`http://db.example.com:${listener.port}/`, {
        ...options,
        resolve,
      }).catch((thrown: unknown) => thrown);
      return error instanceof Error ? `${error.message}` : 'reached';
    };
    const missing = await said(() => Promise.reject(new Error('ENOTFOUND')));
    assert.equal(await said(() => Promise.resolve(['10.1.2.3'])), missing);
    assert.doesNotMatch(missing, /10\.|ENOTFOUND|db\.example/);
  });

  test('only the schemes, ports and forms that are allowed', async () => {
    const urls = [
      `ftp://app.example.com:${listener.port}/`,
      `file:///etc/passwd`,
      `data:text/plain,x`,
      `javascript:1`,
      `http://user:secret@app.example.com:${listener.port}/`,
      `http://app.example.com:22/`,
      `http://app.example.com/`,
      `//app.example.com/`,
      'no url',
      '',
    ];
    for (const url of urls) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      await assert.rejects(guardedFetch(url, options), { code: 'url_refused' }, url);
    }
    await assert.rejects(
      guardedFetch(`http://app.example.com:${listener.port}/`, { ...options, http: false }),
      { code: 'url_refused' },
    );
  });

  test('an operator opens a private target, and the same call reaches it', async () => {
    const url = `http://idp.customer.internal:${listener.port}/opened`;
    const resolve = (): Promise<string[]> => Promise.resolve(['127.0.0.1']);
    await notReached(() => guardedFetch(url, { ...options, resolve }));
    const privateTargets = [{ range: '127.0.0.1/32', ports: [listener.port] }];
    const answer = await guardedFetch(url, { ...options, resolve, privateTargets });
    assert.equal(await answer.text(), 'inside');
    await notReached(() =>
      guardedFetch(url, { ...options, resolve, privateTargets: [{ range: '127.0.0.1/32', ports: [1] }] }),
    );
  });

  const mutations: [name: string, mutation: Mutation, host: string, resolve: () => Promise<string[]>][] = [
    [
      'T-52: judging names alone lets literal addresses through',
      {
        file: 'outbound/destination.ts',
        from: 'addresses.find((address) => !mayReach(address, port, policy))',
        to: 'isIP(host) !== 0 ? undefined : addresses.find((address) => !mayReach(address, port, policy))',
      },
      '127.0.0.1',
      () => Promise.resolve([]),
    ],
    [
      'EDG-7: without the list of what is special a private address is reached',
      {
        file: 'outbound/address.ts',
        from: "if (address === undefined || address.range() !== 'unicast') return false;\n  const special",
        to: 'if (address !== undefined) return true;\n  const special',
      },
      'app.example.com',
      () => Promise.resolve(['127.0.0.1']),
    ],
    [
      'T-54: looking the name up again to connect is rebinding’s way in',
      {
        file: 'outbound/dispatcher.ts',
        from: 'hostname: address,',
        to: 'hostname: (await policy.resolve(host))[0] ?? address,',
      },
      'app.example.com',
      (() => {
        let asked = 0;
        return () => Promise.resolve([asked++ === 0 ? elsewhere : '127.0.0.1']);
      })(),
    ],
    [
      'T-58: taking a failed look-up for harmless is a way in',
      {
        file: 'outbound/destination.ts',
        from: [
          "throw new OutboundError('destination_refused', `$",
          '{host} does not resolve`, { cause });',
        ].join(''),
        to: "return void cause ?? ['127.0.0.1'];",
      },
      'app.example.com',
      () => Promise.reject(new Error('SERVFAIL')),
    ],
  ];
  for (const [name, mutation, host, resolve] of mutations) {
    test(`mutation, ${name}`, async () => {
      if (name.startsWith('T-58')) {
        // The check after it still holds: with both gone the listener is reached.
        await withMutant<Mutant, void>(mutation, 'outbound/guardedFetch.ts', async (mutant) => {
          await notReached(() =>
            mutant.guardedFetch(`http://${host}:${listener.port}/`, { ...options, resolve }),
          );
          const privateTargets = [{ range: '127.0.0.0/8', ports: [listener.port] }];
          const answer = await mutant.guardedFetch(`http://${host}:${listener.port}/`, {
            ...options,
            resolve,
            privateTargets,
          });
          assert.equal(await answer.text(), 'inside');
          await notReached(() =>
            guardedFetch(`http://${host}:${listener.port}/`, { ...options, resolve, privateTargets }),
          );
        });
        return;
      }
      await withMutant<Mutant, void>(mutation, 'outbound/guardedFetch.ts', async (mutant) => {
        const answer = await mutant.guardedFetch(`http://${host}:${listener.port}/`, {
          ...options,
          resolve,
        });
        assert.equal(await answer.text(), 'inside');
      });
    });
  }

  test('the system’s resolver is what is used by default', async () => {
    const found = await new Promise<string>((resolve) => {
      systemLookup('localhost', (_error, address) => resolve(address));
    });
    assert.match(found, /^(?:127\.0\.0\.1|::1)$/);
    const { resolve: omitted, ...rest } = options;
    assert.ok(omitted);
    await notReached(() => guardedFetch(`http://localhost.localdomain:${listener.port}/`, rest));
  });
});
