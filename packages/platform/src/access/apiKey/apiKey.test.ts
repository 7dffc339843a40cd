import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { freshEmail, openFixture, refusal, type Fixture, type Person } from '../../../test/fixture.ts';
import { systemRandomBytes } from '../../random.ts';
import { createCompany, listCompanies } from '../../tenants/index.ts';
import { acceptInvite } from '../acceptInvite.ts';
import { inviteWithoutMail } from '../invite.ts';
import { changeMember, listMembers, removeMember } from '../member.ts';
import { createApiKey, listApiKeys, revokeApiKey, type NewApiKey } from './manage.ts';
import { openApiKey } from './open.ts';
import { createApiKeyToken, hashApiKeyToken } from './token.ts';

const held = new Set(['books:invoice.read', 'books:invoice.submit', 'audit:entry.read']);
const day = 24 * 60 * 60 * 1000;

describe('API keys (ACC-4)', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await openFixture();
  });
  after(() => fixture.close());

  const making = (session: Person['session']) => ({
    session,
    held,
    clock: fixture.identity.clock,
    randomBytes: systemRandomBytes,
  });
  const wanted: NewApiKey = {
    name: 'Nightly export',
    kind: 'api_key',
    permissions: ['books:invoice.read'],
    companyIds: null,
    days: 90,
  };
  const make = (session: Person['session'], changes: Partial<NewApiKey> = {}) =>
    createApiKey(making(session), { ...wanted, ...changes });
  const open = (token: string) => openApiKey(fixture.identity, token, { ip: '192.0.2.1' });

  async function joined(owner: Person, role: 'admin' | 'member', companyIds: string[] | null = null) {
    const person = await fixture.person({ email: freshEmail() });
    const { token } = await inviteWithoutMail(
      { session: owner.session, clock: fixture.identity.clock, randomBytes: systemRandomBytes },
      { email: person.email, role, moduleRoles: [], companyIds },
    );
    const { memberId } = await acceptInvite(fixture.identity, { token, accountId: person.accountId });
    return { ...person, memberId, session: fixture.as(owner.tenantId, person.accountId) };
  }

  it('open the one tenant they were made in, and tell when they were last used', async () => {
    const owner = await fixture.person();
    const { key, token } = await make(owner.session);
    assert.equal(key.lastUsedAt, null);
    assert.ok(token.startsWith(key.hint));
    const opened = await open(token);
    assert.deepEqual(
      { ...opened, permissions: [...(opened?.permissions ?? [])], maker: opened?.maker?.role },
      {
        id: key.id,
        name: 'Nightly export',
        kind: 'api_key',
        tenantId: owner.tenantId,
        tenantName: 'Vale & Co',
        permissions: ['books:invoice.read'],
        companyIds: null,
        expiresAt: new Date(fixture.identity.clock() + 90 * day),
        maker: 'owner',
      },
    );
    const [listed] = await listApiKeys(owner.session);
    assert.deepEqual(
      [listed?.lastUsedAt, listed?.lastUsedIp],
      [new Date(fixture.identity.clock()), '192.0.2.1'],
    );
  });

  it('are listed without a secret, to their own tenant alone', async () => {
    const [one, other] = [await fixture.person(), await fixture.person()];
    const { token } = await make(one.session);
    const listed = JSON.stringify(await listApiKeys(one.session));
    assert.ok(!listed.includes(token.slice(8)));
    assert.deepEqual(await listApiKeys(other.session), []);
    const app = await fixture.connect('app');
    await assert.rejects(app.query('select token_hash from identity.api_key_secret'), { code: '42501' });
  });

  it('give no permission and no company that their maker lacks', async () => {
    const owner = await fixture.person({ companyName: 'North' });
    const south = await createCompany(owner.session, { name: 'South' });
    const [north] = (await listCompanies(owner.session)).filter(({ id }) => id !== south.id);
    const clerk = await joined(owner, 'member', [north?.id ?? '']);
    await assert.rejects(
      make(owner.session, { permissions: ['access:member.change'] }),
      refusal('permission_refused'),
    );
    await assert.rejects(make(clerk.session), refusal('permission_refused'));
    await assert.rejects(make(clerk.session, { companyIds: [south.id] }), refusal('permission_refused'));
    await assert.rejects(
      make(clerk.session, { kind: 'service', companyIds: [north?.id ?? ''] }),
      refusal('permission_refused'),
    );
    const { token } = await make(clerk.session, { companyIds: [north?.id ?? ''] });
    assert.deepEqual((await open(token))?.companyIds, [north?.id]);
    const stranger = await fixture.person({ companyName: 'Elsewhere' });
    const [elsewhere] = await listCompanies(stranger.session);
    await assert.rejects(
      make(owner.session, { companyIds: [elsewhere?.id ?? ''] }),
      refusal('company_missing'),
    );
  });

  it('of kind api_key follow their maker; of kind service they stand alone', async () => {
    const owner = await fixture.person();
    const admin = await joined(owner, 'admin');
    const own = await make(admin.session);
    const service = await make(admin.session, { kind: 'service', name: 'Importer' });
    const demoted = { role: 'member', moduleRoles: [], companyIds: null } as const;
    await changeMember(owner.session, { memberId: admin.memberId, ...demoted });
    assert.equal((await open(own.token))?.maker?.role, 'member');
    await removeMember(owner.session, { memberId: admin.memberId });
    assert.equal(await open(own.token), null);
    assert.equal((await open(service.token))?.kind, 'service');
    assert.equal((await open(service.token))?.maker, null);
    assert.deepEqual((await listMembers(owner.session)).length, 1);
  });

  it('end when they are revoked, and when they expire', async () => {
    const owner = await fixture.person();
    const [revoked, expired] = [await make(owner.session), await make(owner.session, { days: 1 })];
    await revokeApiKey(owner.session, { keyId: revoked.key.id });
    assert.equal(await open(revoked.token), null);
    assert.deepEqual(
      (await listApiKeys(owner.session)).map(({ id }) => id),
      [expired.key.id],
    );
    assert.ok(await open(expired.token));
    fixture.advance(day);
    assert.equal(await open(expired.token), null);
    await assert.rejects(revokeApiKey(owner.session, { keyId: revoked.key.id }), refusal('api_key_missing'));
    await assert.rejects(make(owner.session, { days: 367 }), refusal('input_invalid'));
  });

  it('are revoked by owners, admins and their own maker, never from another tenant', async () => {
    const owner = await fixture.person();
    const [one, two, stranger] = [
      await joined(owner, 'member'),
      await joined(owner, 'member'),
      await fixture.person(),
    ];
    const { key } = await make(one.session);
    await assert.rejects(revokeApiKey(two.session, { keyId: key.id }), refusal('permission_refused'));
    await assert.rejects(revokeApiKey(stranger.session, { keyId: key.id }), refusal('api_key_missing'));
    await revokeApiKey(one.session, { keyId: key.id });
    const second = await make(one.session);
    await revokeApiKey(owner.session, { keyId: second.key.id });
  });

  it('cannot be made by a key, nor by SQL injected into a program that acts with one (ISO-5)', async () => {
    const owner = await fixture.person();
    const { key } = await make(owner.session, { kind: 'service' });
    const client = await fixture.connect('app');
    const token = fixture.database.sealer.seal({
      tenant: owner.tenantId,
      actor: { kind: 'service', id: key.id },
    });
    await client.query('begin');
    await client.query(`select set_config('bulkhead.context', $1, true)`, [token]);
    await assert.rejects(
      client.query(`select identity.create_api_key('{"name":"x","kind":"service"}', sha256('x'), now())`),
      { code: '42501', constraint: 'api_key_maker' },
    );
    await client.query('rollback');
  });

  it('are written into the audit log when made and revoked, without their secret', async () => {
    const owner = await fixture.person();
    const { key } = await make(owner.session);
    await revokeApiKey(owner.session, { keyId: key.id });
    const { rows } = await owner.session.query<{ action: string; after: object }>(
      `select action, after from bulkhead.audit_log where target_id = $1 order by id`,
      [key.id],
    );
    assert.deepEqual(
      rows.map(({ action }) => action),
      ['insert', 'soft_delete'],
    );
    assert.ok(!JSON.stringify(rows).includes('hash'));
  });
});

describe('the form of an API key', () => {
  it('is 256 random bits with a checksum, and nothing else is looked up (ACC-4)', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        assert.equal(hashApiKeyToken(text), null);
        assert.equal(hashApiKeyToken(`bhk_${text}`), null);
      }),
    );
    const { token, hash } = createApiKeyToken(systemRandomBytes);
    assert.match(token, /^bhk_[A-Za-z0-9_-]{43}[0-9a-f]{8}$/);
    assert.deepEqual(hashApiKeyToken(token), hash);
    for (let index = 0; index < token.length; index += 1) {
      const other = token[index] === 'A' ? 'B' : 'A';
      assert.equal(hashApiKeyToken(token.slice(0, index) + other + token.slice(index + 1)), null, `${index}`);
    }
  });
});
