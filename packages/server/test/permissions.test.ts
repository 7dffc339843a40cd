import assert from 'node:assert/strict';
import { testCipher } from '../../../test/harness/cipher.ts';
import { after, before, test } from 'node:test';
import { permissionsOf } from '@bulkhead/platform/access';
import { mergeAccess, permissionsIn } from '../src/access.ts';
import { createPools } from '../src/boot/pools.ts';
import { createTokenParts } from '../src/token/parts.ts';
import { compose } from '../src/compose.ts';
import { createLog } from '../src/http/log.ts';
import { Secrets } from '../src/secrets/secrets.ts';
import type { MountedProcedure } from '../src/rpc/procedures.ts';
import { companyOf, configFor, join, openServer, send, signUp, signUpOperator } from './fixture.ts';
import type { Fixture, Person } from './fixture.ts';
import { widgetsModule } from './widgets/module.ts';

/** Every procedure x every role, generated from the contract: a new procedure is covered the day it appears. */
const { module, events } = widgetsModule();
const access = mergeAccess([module]);
let fixture: Fixture;
let procedures: readonly MountedProcedure[];
let host: Person;
let company: string;

type Role = { name: string; role: 'owner' | 'admin' | 'member'; moduleRoles: string[] };
const roles: Role[] = [
  { name: 'owner', role: 'owner', moduleRoles: [] },
  { name: 'admin', role: 'admin', moduleRoles: [] },
  { name: 'member', role: 'member', moduleRoles: [] },
  { name: 'viewer', role: 'member', moduleRoles: ['widgets:viewer'] },
  { name: 'maker', role: 'member', moduleRoles: ['widgets:maker'] },
];
const people = new Map<string, Person>();

before(async () => {
  fixture = await openServer([module]);
  procedures = composed();
  host = await signUp(fixture.url);
  company = await companyOf(fixture.url, host);
  people.set('owner', host);
  for (const { name, role, moduleRoles } of roles.slice(1)) {
    const person = await signUp(fixture.url);
    await join(fixture, { host, person, role, moduleRoles });
    people.set(name, person);
  }
  // Whatever waits for a release gets one: what is tested is who may come in.
  events.on('started', () => setImmediate(() => events.emit('release')));
});
after(async () => {
  await fixture.close();
});

/** The same composition as the running server's, for its list of procedures. */
function composed(): readonly MountedProcedure[] {
  const config = configFor(fixture.database);
  const log = createLog({ level: 'silent' });
  const pools = createPools(config, { log, clock: Date.now });
  const cipher = testCipher();
  const origin = () => 'http://localhost:3000';
  const token = createTokenParts({ config, pools, cipher, clock: Date.now, log, origin });
  const parts = {
    config,
    modules: [module],
    log,
    pools,
    secrets: new Secrets({ config, log }),
    cipher,
    clock: Date.now,
    mailer: undefined,
    token,
    identity: {},
  };
  return compose(parts, { draining: false, origins: new Set() }).procedures;
}

/** Asks without a body: who is let in is told by the guard, and whoever is gets 200, 201 or a complaint about the input. */
async function outcome(procedure: MountedProcedure, person: Person | undefined, through: '/api' | '/rpc') {
  const path =
    through === '/rpc'
      ? `/rpc/${procedure.path.join('/')}`
      : `/api${procedure.url.replaceAll(/\{[^}]*\}/g, 'none')}`;
  const { status, json } = await send(fixture.url, path, {
    method: through === '/rpc' ? 'POST' : procedure.method,
    cookie: person?.cookie,
    ...(person === undefined ? {} : { tenant: host.tenant, company }),
  });
  const inner = (json['json'] ?? json) as { code?: string };
  return { status, code: inner.code };
}

test('the contract has procedures of the platform and of the module', () => {
  const names = procedures.map(({ path }) => path.join('.'));
  assert.ok(names.includes('member.change') && names.includes('widgets.create'), names.join());
  assert.ok(names.length >= 20, `${names.length}`);
});

/** They would end the session that the next procedure is asked with. */
const endsOwnSession: ReadonlySet<string> = new Set(['session.signOut', 'session.endAll']);

for (const through of ['/api', '/rpc'] as const) {
  test(`ACC-1 ${through}: nobody comes in without a session, but to what is public`, async () => {
    for (const procedure of procedures) {
      const { status, code } = await outcome(procedure, undefined, through);
      const name = procedure.path.join('.');
      if (procedure.meta.permission === 'public') assert.notEqual(code, 'signed_out', name);
      else assert.deepEqual({ status, code }, { status: 401, code: 'signed_out' }, name);
    }
  });

  for (const role of roles) {
    test(`ACC-1 ${through}: a member as ${role.name} comes in exactly where the role allows`, async () => {
      const held = permissionsOf(role, access);
      let allowed = 0;
      let refused = 0;
      for (const procedure of procedures) {
        const name = procedure.path.join('.');
        if (endsOwnSession.has(name)) continue;
        const { permission } = procedure.meta;
        const { status, code } = await outcome(procedure, people.get(role.name), through);
        const open = permission === 'public' || permission === 'signed-in';
        if (procedure.meta.operator === true) {
          assert.deepEqual({ status, code }, { status: 403, code: 'permission_refused' }, name);
        } else if (open || held.has(permission)) {
          allowed += 1;
          // The one that takes no input, and finds that the person has no factor.
          const empty = name === 'factor.replaceRecoveryCodes' && code === 'factor_missing';
          // This server brings nothing to attack itself with.
          const absent = name === 'isolation.attack' && code === 'attack_absent';
          // Nobody bought anything here.
          const unbought = name === 'billing.portal' && code === 'customer_missing';
          const cameIn = status < 300 || status === 400 || status === 500 || empty || absent || unbought;
          assert.ok(cameIn, `${name}: ${status} ${code}`);
          if (status === 500) assert.equal(name, 'widgets.fail');
        } else {
          refused += 1;
          assert.deepEqual({ status, code }, { status: 403, code: 'permission_refused' }, name);
        }
      }
      assert.equal(refused === 0, role.role !== 'member', `${allowed} allowed, ${refused} refused`);
    });
  }

  test(`ACC-3 ${through}: an operator comes in wherever operators do`, async () => {
    const operator = await signUpOperator(fixture);
    const theirs = procedures.filter(({ meta }) => meta.operator === true);
    assert.ok(theirs.length >= 9, `${theirs.length}`);
    for (const procedure of theirs) {
      const { status, code } = await outcome(procedure, operator, through);
      const cameIn = status < 300 || status === 400 || code === 'client_missing';
      assert.ok(cameIn, `${procedure.path.join('.')}: ${status} ${code}`);
    }
  });
}

test('ACC-1 every permission that a procedure needs is declared, and each declared one is of a module', () => {
  const declared = permissionsIn(access);
  for (const { meta, path } of procedures) {
    if (meta.permission === 'public' || meta.permission === 'signed-in') continue;
    assert.ok(declared.has(meta.permission), path.join('.'));
  }
});
