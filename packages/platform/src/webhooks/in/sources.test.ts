import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { openFixture, refusal, type Fixture, type Person } from '../../../test/fixture.ts';
import { openReceiving, signed, standardSecret, type Receiving } from '../../../test/receiving.ts';
import { changeSource, endSourceSecret, listSources, removeSource, rotateSource } from './index.ts';

const day = 24 * 3_600_000;
const body = JSON.stringify({ type: 'order.paid' });

describe('a source of webhooks (EDG-5)', () => {
  let fixture: Fixture;
  let receiving: Receiving;
  let owner: Person;
  let source: { id: string; secret: string };
  before(async () => {
    fixture = await openFixture();
    receiving = openReceiving(fixture);
  });
  beforeEach(async () => {
    owner = await fixture.person();
    source = await receiving.source(owner);
  });
  after(async () => {
    await receiving.close();
    await fixture.close();
  });

  const now = (): number => fixture.identity.clock();
  const send = (id: string, { secret = source.secret } = {}) =>
    receiving.send(source.id, signed(secret, { id, at: now(), body }), body);

  it('goes on being accepted while a secret is rotated, and not after the old one was ended', async () => {
    const rotated = await rotateSource(receiving.managing(owner), { id: source.id, overlap: day });
    fixture.advance(5001);
    assert.match(rotated.secret ?? '', /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.equal((await send('a')).status, 200);
    assert.equal((await send('b', { secret: rotated.secret ?? '' })).status, 200);
    const [listed] = await listSources(owner.session);
    assert.deepEqual(
      listed?.secrets.map(({ expiresAt }) => expiresAt),
      [null, new Date(now() - 5001 + day)],
    );
    const ended = { id: source.id, secretId: listed?.secrets[1]?.id ?? '' };
    await endSourceSecret(owner.session, ended);
    fixture.advance(5001);
    assert.equal((await send('c')).status, 401);
    const current = { id: source.id, secretId: listed?.secrets[0]?.id ?? '' };
    await assert.rejects(endSourceSecret(owner.session, current), refusal('source_missing'));
  });

  it('takes a new secret at once on every server, and looks a source up no more than twice a second for that', async () => {
    const another = receiving.anotherServer();
    const to = async (id: string, secret: string): Promise<number> => {
      const headers = signed(secret, { id, at: now(), body });
      const request = { header: (name: string) => headers[name], body: Buffer.from(body) };
      return (await another.receive(source.id, request)).status;
    };
    assert.equal(await to('a', source.secret), 200);
    const rotated = await rotateSource(receiving.managing(owner), { id: source.id, overlap: 0 });
    const fresh = rotated.secret ?? '';
    // Half a second is what a flood of forgeries is let to ask the database.
    assert.equal(await to('b', fresh), 401);
    fixture.advance(500);
    assert.equal(await to('c', fresh), 200);
    // What was read because of it is trusted from then on: the old one does not verify any more.
    assert.equal(await to('d', source.secret), 401);
  });

  it('whose old secret was ended stops being accepted under it within five seconds', async () => {
    assert.equal((await send('e')).status, 200);
    await rotateSource(receiving.managing(owner), { id: source.id, overlap: day });
    const [listed] = await listSources(owner.session);
    await endSourceSecret(owner.session, { id: source.id, secretId: listed?.secrets[1]?.id ?? '' });
    fixture.advance(5000);
    assert.equal((await send('f')).status, 401);
  });

  it('of a removed source is refused; another tenant neither sees nor changes a source (ISO-1)', async () => {
    const stranger = await fixture.person();
    assert.deepEqual(await listSources(stranger.session), []);
    const change = { id: source.id, name: 'Mine', enabled: false };
    await assert.rejects(changeSource(stranger.session, change), refusal('source_missing'));
    await assert.rejects(removeSource(stranger.session, { id: source.id }), refusal('source_missing'));
    await assert.rejects(
      rotateSource(receiving.managing(stranger), { id: source.id, overlap: 0 }),
      refusal('source_missing'),
    );
    await removeSource(owner.session, { id: source.id });
    assert.equal((await send('msg_1')).status, 401);
    assert.deepEqual(await listSources(owner.session), []);
  });

  it('keeps its id to itself: SQL injected into another tenant takes it for none of its own (ISO-5)', async () => {
    const stranger = await fixture.person();
    const taken = stranger.session.query(
      `select webhooks.create_source(jsonb_build_object('id', $1::uuid, 'name', 'n', 'scheme', 'standard'),
         gen_random_uuid(), repeat('a', 40)::bytea, now())`,
      [source.id],
    );
    await assert.rejects(taken, { sqlstate: '23505', constraint: 'source_directory_pkey' });
    assert.equal((await send('msg_2')).status, 200);
  });

  it('holds the tenant to 50 sources and five secrets, and keeps secrets out of lists and the audit log', async () => {
    const managing = receiving.managing(owner);
    for (let count = 0; count < 4; count += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await rotateSource(managing, { id: source.id, overlap: day });
    }
    await assert.rejects(rotateSource(managing, { id: source.id, overlap: day }), refusal('source_limit'));
    await assert.rejects(
      rotateSource(managing, { id: source.id, overlap: 31 * day }),
      refusal('input_invalid'),
    );
    for (let count = 1; count < 50; count += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await receiving.source(owner);
    }
    await assert.rejects(receiving.source(owner), refusal('source_limit'));
    const audit = await owner.session.query('select * from bulkhead.audit_log');
    const told = JSON.stringify([await listSources(owner.session), audit.rows]);
    assert.ok(!told.includes(standardSecret.slice(6)) && !told.includes('secret_encrypted'));
  });
});
