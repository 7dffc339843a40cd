import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import pg from 'pg';
import { missing } from '../../../../../test/harness/index.ts';
import { openFixture, refusal, type Fixture, type Person } from '../../../test/fixture.ts';
import { openOrganisation, type Organisation } from '../../../test/saml/organisation.ts';
import { createConnection } from '../singleSignOn/connection.ts';
import { followMetadata, readProvider, uploadMetadata } from './administer.ts';
import { refreshMetadata } from './refresh.ts';
import { purgeAssertions } from './replay.ts';

const day = 24 * 3_600_000;

describe('a connection’s identity provider (AUT-7)', { skip: missing('pysaml2', 'xmlsec1') }, () => {
  let fixture: Fixture;
  let at: Organisation;
  let worker: pg.Pool;
  let metadata: Buffer;
  before(async () => {
    fixture = await openFixture();
    at = await openOrganisation(fixture);
    worker = new pg.Pool(fixture.database.connections.worker);
    metadata = Buffer.from(await at.provider.metadata());
  });
  after(async () => {
    await worker.end();
    await at.provider.close();
    await fixture.close();
  });
  const now = () => fixture.identity.clock();
  const read = (person: Person = at.owner) =>
    readProvider(person.session, { connectionId: at.connectionId, at: now() });
  const upload = (document: Buffer, person: Person = at.owner) =>
    uploadMetadata(person.session, { connectionId: at.connectionId, at: now(), document });
  const follow = (document: () => Promise<Uint8Array>) =>
    followMetadata(
      { session: at.owner.session, fetchMetadata: document },
      { connectionId: at.connectionId, at: now(), url: 'https://idp.example/metadata' },
    );
  const refresh = (fetchMetadata: (url: string) => Promise<Uint8Array>) =>
    refreshMetadata({ worker, clock: now, fetchMetadata });
  const renewed = async () => {
    const other = (await at.provider.certificate('next')).replaceAll(/-----[A-Z ]+-----|\s/g, '');
    return Buffer.from(metadata.toString().replace(/X509Certificate>[^<]+</, `X509Certificate>${other}<`));
  };
  const audited = async (action: string) => {
    const client = await fixture.connect('superuser');
    const { rows } = await client.query<{ tenant_id: string; detail: object }>(
      'select tenant_id, detail from bulkhead.audit_entry where action = $1 order by id desc',
      [action],
    );
    return rows;
  };

  it('is what its metadata says, with its certificates’ ends', async () => {
    const provider = await read();
    assert.equal(provider?.entityId, at.provider.entityId);
    assert.deepEqual(
      provider.certificates.map(({ state }) => state),
      ['current'],
    );
    assert.equal(provider.metadataUrl, null);
    fixture.advance(3640 * day);
    assert.deepEqual(
      (await read())?.certificates.map(({ state }) => state),
      ['ends_soon'],
    );
    fixture.advance(-3640 * day);
  });

  it('is set by an owner alone, in its own tenant alone, and audited', async () => {
    const stranger = await fixture.person();
    await assert.rejects(upload(metadata, stranger), refusal('connection_missing'));
    await assert.rejects(read(stranger), refusal('connection_missing'));
    const client = await fixture.connect('superuser');
    const admin = await fixture.person();
    await client.query(
      `insert into identity.membership (tenant_id, account_id, role) values ($1, $2, 'admin')`,
      [at.owner.tenantId, admin.accountId],
    );
    const session = fixture.as(at.owner.tenantId, admin.accountId);
    await assert.rejects(upload(metadata, { ...admin, session }), refusal('permission_refused'));
    await upload(await renewed());
    const [entry] = await audited('connection.change_provider');
    assert.equal(entry?.tenant_id, at.owner.tenantId);
    assert.match(JSON.stringify(entry.detail), /"fingerprint": ?"[0-9a-f]{64}"/);
    await upload(metadata);
  });

  it('is not changed by metadata that is refused, which says why', async () => {
    const wrong = [
      Buffer.from('<a/>'),
      Buffer.from(`<!DOCTYPE a []>${metadata.toString()}`),
      Buffer.alloc(300 * 1024, 0x20),
    ];
    for (const document of wrong) await assert.rejects(upload(document), refusal('metadata_refused'));
    const http = Buffer.from(metadata.toString().replaceAll('http://127.0.0.1', 'http://idp.example'));
    await assert.rejects(upload(http), (error: Error) => error.message.includes('without https'));
    await assert.rejects(
      follow(() => Promise.reject(new Error('nobody answers'))),
      refusal('metadata_unreachable'),
    );
    assert.equal((await read())?.entityId, at.provider.entityId);
  });

  it('belongs to SAML connections only', async () => {
    const { session } = at.owner;
    const { cipher, randomBytes } = fixture.identity;
    const { connectionId } = await createConnection(
      { session, cipher, randomBytes },
      { protocol: 'oidc', name: 'other', config: {}, secret: null },
    );
    const target = { connectionId, at: now() };
    await assert.rejects(readProvider(session, target), refusal('connection_missing'));
    await assert.rejects(
      uploadMetadata(session, { ...target, document: metadata }),
      refusal('connection_missing'),
    );
  });

  it('is fetched again each day, by one server, and takes over new certificates', async () => {
    await follow(() => Promise.resolve(metadata));
    assert.equal(await refresh(() => Promise.reject(new Error('not due'))), 0);
    fixture.advance(day + 1000);
    const document = await renewed();
    let fetched = 0;
    const fetchMetadata = () => {
      fetched += 1;
      return Promise.resolve(document);
    };
    const before = (await read())?.certificates[0]?.fingerprint;
    await Promise.all([refresh(fetchMetadata), refresh(fetchMetadata)]);
    assert.equal(fetched, 1);
    const provider = await read();
    assert.notEqual(provider?.certificates[0]?.fingerprint, before);
    const [entry] = await audited('connection.refresh_provider');
    assert.equal(entry?.tenant_id, at.owner.tenantId);
  });

  it('stays in force when fetching fails or another provider answers, and the owner sees why', async () => {
    const known = (await read())?.certificates;
    fixture.advance(day + 1000);
    await refresh(() => Promise.reject(new Error('connection refused')));
    assert.equal((await read())?.failure?.message, 'connection refused');
    fixture.advance(3_600_000 + 1000);
    const other = Buffer.from(
      metadata.toString().replace(/entityID="[^"]+"/, 'entityID="https://evil.example/"'),
    );
    await refresh(() => Promise.resolve(other));
    const provider = await read();
    assert.match(provider?.failure?.message ?? '', /https:\/\/evil\.example\//);
    assert.deepEqual(provider?.certificates, known);
    fixture.advance(3_600_000 + 1000);
    await refresh(() => Promise.resolve(metadata));
    assert.equal((await read())?.failure, null);
  });

  it('is not exchanged for another by whoever runs the duty’s function', async () => {
    const [connectionId, stored] = [
      at.connectionId,
      {
        entityId: 'https://evil.example/',
        signOnUrl: 'https://evil.example/',
        signOnBinding: 'post',
        certificates: ['x'],
      },
    ];
    const record = (provider: object) =>
      worker.query('select identity.record_saml_refresh($1, $2, null, null, $3)', [
        connectionId,
        provider,
        new Date(now()),
      ]);
    await assert.rejects(record({ ...stored, metadataUrl: 'https://idp.example/metadata' }), {
      code: '42501',
    });
    await assert.rejects(
      record({ ...stored, entityId: at.provider.entityId, metadataUrl: 'https://evil.example/' }),
      { code: '42501' },
    );
  });

  it('mutation: without its check, each function lets its attack through', async () => {
    const owner = await fixture.connect('owner');
    const mutate = async (signature: string, from: RegExp, attack: () => Promise<unknown>) => {
      const { rows } = await owner.query<{ definition: string }>(
        'select pg_get_functiondef($1::regprocedure) as definition',
        [signature],
      );
      const definition = rows[0]?.definition ?? '';
      assert.match(definition, from);
      await assert.rejects(attack(), 'the check holds');
      await owner.query(definition.replace(from, ''));
      await attack();
      await owner.query(definition);
      await assert.rejects(attack(), 'the check is back');
    };
    const member = await fixture.person();
    const client = await fixture.connect('superuser');
    await client.query(
      `insert into identity.membership (tenant_id, account_id, role) values ($1, $2, 'admin')`,
      [at.owner.tenantId, member.accountId],
    );
    const session = fixture.as(at.owner.tenantId, member.accountId);
    const set = 'identity.set_saml_provider(uuid, jsonb, json, timestamptz)';
    const authority = /perform identity\.require_authority\([^;]+;/;
    await mutate(set, authority, () => upload(metadata, { ...member, session }));
    const stranger = await fixture.person();
    const ownTenant = /if not exists \([\s\S]+?end if;/;
    await mutate(set, ownTenant, () => upload(metadata, stranger));
    await follow(() => Promise.resolve(metadata));
    const record = 'identity.record_saml_refresh(uuid, jsonb, text, json, timestamptz)';
    const sameProvider = /if known\.metadata_url is distinct[\s\S]+?end if;/;
    const certificates = [await at.provider.certificate('stranger')];
    let attempts = 0;
    const evil = {
      entityId: 'https://evil.example/',
      signOnUrl: 'https://evil.example/',
      signOnBinding: 'post',
    };
    await mutate(record, sameProvider, () =>
      worker.query('select identity.record_saml_refresh($1, $2, null, null, $3)', [
        at.connectionId,
        { ...evil, certificates, metadataUrl: `https://idp.example/${(attempts += 1)}` },
        new Date(now()),
      ]),
    );
    await upload(metadata);
  });

  it('has its used assertions forgotten once they have ended', async () => {
    const client = await fixture.connect('superuser');
    await client.query(
      `insert into identity.saml_assertion values ($1, sha256('old'), $2), ($1, sha256('new'), $3)`,
      [at.connectionId, new Date(now() - 1000), new Date(now() + 1000)],
    );
    await purgeAssertions({ worker, clock: now });
    const { rows } = await client.query(
      'select id_hash from identity.saml_assertion where id_hash in (sha256($1), sha256($2))',
      ['old', 'new'],
    );
    assert.equal(rows.length, 1);
  });
});
