import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { start, startUp, temporaryFolder, until, type UpAnswer } from './command.ts';

type Session = {
  account: { email: string };
  memberships: { tenant: { id: string; name: string }; role: string; moduleRoles: string[] }[];
};

type Visitor = {
  session: Session;
  get: (path: string, tenant?: string) => Promise<{ status: number; body: unknown }>;
};

async function signIn({ url }: UpAnswer, email: string, password: string): Promise<Visitor> {
  const headers = { 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin' };
  const body = JSON.stringify({ email, password });
  const response = await fetch(`${url}/api/session`, { method: 'POST', headers, body });
  assert.equal(response.status, 200, `${email} signs in`);
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  assert.match(cookie, /^__Host-bulkhead=/);
  return {
    session: (await response.json()) as Session,
    get: async (path, tenant) => {
      const scope: Record<string, string> = tenant === undefined ? {} : { 'bulkhead-tenant': tenant };
      const answer = await fetch(`${url}/api${path}`, { headers: { cookie, ...scope } });
      return { status: answer.status, body: await answer.json() };
    },
  };
}

const namesOf = (body: unknown) =>
  (body as { companies: { name: string }[] }).companies.map(({ name }) => name);

test('the demo: three tenants, printed sign-ins that work, limits that hold; a warm start keeps it', async (t) => {
  const data = await temporaryFolder(t);
  const first = await startUp(t, data, { more: ['--demo'] });
  const { demo } = first.up;
  assert.equal(demo.length, 3);

  for (const { tenant, signIns } of demo) {
    for (const { email, password, is } of signIns) {
      const { session, get } = await signIn(first.up, email, password);
      const place = session.memberships.find((membership) => membership.tenant.name === tenant);
      assert.ok(place, `${email} belongs to ${tenant}`);
      const { status, body } = await get('/companies', place.tenant.id);
      assert.equal(status, 200);
      assert.equal(namesOf(body).length, is.includes('only') ? 1 : 2, `${email}: ${is}`);
      assert.equal(session.memberships.length, is.includes('two tenants') ? 2 : 1, email);
    }
  }

  const [one, two] = demo;
  const owner = await signIn(first.up, one?.signIns[0]?.email ?? '', one?.signIns[0]?.password ?? '');
  const other = await signIn(first.up, two?.signIns[0]?.email ?? '', two?.signIns[0]?.password ?? '');
  const foreign = await owner.get('/companies', other.session.memberships[0]?.tenant.id);
  assert.ok([403, 404].includes(foreign.status), 'ISO-3: another tenant is out of reach by header');

  first.child.kill('SIGINT');
  const { code, stderr } = await first.ended;
  assert.equal(code, 0, stderr);
  const again = await startUp(t, data, { more: ['--demo'] });
  assert.equal(
    again.up.phases['demo'] !== undefined && again.up.phases['demo'] < 1000,
    true,
    'nothing is made again',
  );
  const back = await signIn(again.up, one?.signIns[0]?.email ?? '', one?.signIns[0]?.password ?? '');
  assert.deepEqual(back.session.memberships, owner.session.memberships);
});

test('a start that was killed while it made the demo is made good by the next', async (t) => {
  const data = await temporaryFolder(t);
  const cut = start(t, ['up', '--demo', '--port', '0', '--data', data]);
  const state = async () => readFile(join(data, 'demo.json'), 'utf8').catch(() => '');
  await until(async () => (await state()).includes('seeding'), 60);
  cut.child.kill('SIGKILL');
  await cut.ended;
  assert.match(await state(), /"seeding"/);
  const next = await startUp(t, data, { more: ['--demo'] });
  const [tenant] = next.up.demo;
  await signIn(next.up, tenant?.signIns[0]?.email ?? '', tenant?.signIns[0]?.password ?? '');
});
