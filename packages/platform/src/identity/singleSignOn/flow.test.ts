import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { goodPassword, refusal } from '../../../test/fixture.ts';
import { asserted, device, SingleSignOnScene } from '../../../test/singleSignOn.ts';
import { signIn } from '../signIn.ts';
import { beginFlow, keepAnswer, openFlow, safeReturnPath } from './flow.ts';
import { listLinks, removeLink } from './link.ts';
import { purgeFlows } from './recheckDomains.ts';
import { linkWithAssertion, signInWithAssertion } from './signIn.ts';

const scene = await SingleSignOnScene.open();
const { fixture, identity, superuser, worker, openTenant, flowOf } = scene;
after(() => scene.close());

describe('links and flows (AUT-6, AUT-7)', () => {
  test('linking from settings adds a provider of the service to who is signed in, and nobody else', async () => {
    const person = await fixture.person();
    const signedIn = await signIn(identity, { email: person.email, password: goodPassword, device });
    assert.ok(signedIn.kind === 'session');
    const link = { accountId: person.accountId, sessionId: signedIn.session.sessionId };
    const assertion = asserted({ email: 'private@mail.example', subject: 'linked' });
    await linkWithAssertion(identity, {
      flow: await flowOf({ provider: 'example' }, link),
      assertion,
      device,
    });
    const [linked] = await listLinks(identity, person.accountId);
    assert.equal(linked?.email, 'private@mail.example');
    const flow = await flowOf({ provider: 'example' });
    const outcome = await signInWithAssertion(identity, { flow, assertion, device });
    assert.ok(outcome.kind === 'session' && outcome.session.accountId === person.accountId);
    const again = linkWithAssertion(identity, {
      flow: await flowOf({ provider: 'example' }, link),
      assertion,
      device,
    });
    await assert.rejects(again, refusal('provider_link_exists'));
    await superuser.query(
      `update identity.session set ended_at = now(), ended_reason = 'signed_out' where id = $1`,
      [link.sessionId],
    );
    const ended = linkWithAssertion(identity, {
      flow: await flowOf({ provider: 'example' }, link),
      assertion: { ...assertion, subject: 'x' },
      device,
    });
    await assert.rejects(ended, refusal('sign_in_flow_expired'));
    const stranger = await fixture.person();
    await assert.rejects(
      removeLink(identity, { accountId: stranger.accountId, linkId: linked.id, device }),
      refusal('provider_link_missing'),
    );
    await removeLink(identity, { accountId: person.accountId, linkId: linked.id, device });
    assert.deepEqual(await listLinks(identity, person.accountId), []);
  });

  test('a flow keeps the first answer, returns to paths of the console, and is purged', async () => {
    const tenant = await openTenant();
    const begun = await beginFlow(identity, { target: tenant, returnPath: '//evil.example', secrets: {} });
    await keepAnswer(identity, { state: begun.state, answer: 'first' });
    await keepAnswer(identity, { state: begun.state, answer: 'second' });
    const flow = await openFlow(identity, begun);
    assert.deepEqual([flow.answer, flow.returnPath], ['first', '/']);
    for (const path of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '/a?next=//evil',
      '/a#b',
      '/api/x',
      '/rpc',
      '/sign-in/oidc/start',
      '/../x',
      '/a//b',
      '/%2f%2fevil',
      undefined,
      `/${'a'.repeat(500)}`,
    ]) {
      assert.equal(safeReturnPath(path), '/', path);
    }
    assert.equal(safeReturnPath('/invoices/3f2a-1'), '/invoices/3f2a-1');
    fixture.advance(2 * 3_600_000);
    assert.ok((await purgeFlows({ pool: worker, clock: identity.clock })) > 0);
    await assert.rejects(openFlow(identity, begun), refusal('sign_in_flow_expired'));
  });
});
