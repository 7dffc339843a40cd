import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type pg from 'pg';
import { openFixture, signedIn, type Fixture } from '../../test/fixture.ts';

// What the coming sign-in methods rely on: their tables cannot hold the states that the known attacks need.
describe('the tables of identity rule out', () => {
  let fixture: Fixture;
  let owner: pg.Client;
  before(async () => {
    fixture = await openFixture();
    owner = await fixture.connect('owner');
  });
  after(() => fixture.close());

  const family = async (): Promise<string> => {
    const { email } = await fixture.person();
    return (await signedIn(fixture.identity, { email })).sessionId;
  };
  const refreshToken = async (
    sessionId: string,
    predecessor: string | null,
    used: boolean,
  ): Promise<string> => {
    const id = randomUUID();
    await owner.query(
      `insert into identity.refresh_token (id, session_id, token_hash, predecessor_id, created_at, expires_at,
         used_at, successor_encrypted, successor_grace_until)
       values ($1, $2, $3, $4, now(), now() + interval '1 hour', case when $5 then now() end,
         case when $5 then '\\x00'::bytea end, case when $5 then now() + interval '10 seconds' end)`,
      [id, sessionId, randomBytes(32), predecessor, used],
    );
    return id;
  };

  it('a forked family of refresh tokens (T-30)', async () => {
    const [sessionId, other] = [await family(), await family()];
    const first = await refreshToken(sessionId, null, true);
    await refreshToken(sessionId, first, false);
    await assert.rejects(refreshToken(sessionId, first, true), {
      constraint: 'refresh_token_predecessor_unique',
    });
    await assert.rejects(refreshToken(sessionId, null, true), { constraint: 'refresh_token_one_first' });
    const stranger = await refreshToken(other, null, true);
    await assert.rejects(refreshToken(sessionId, stranger, true), {
      constraint: 'refresh_token_predecessor_fkey',
    });
    const live = await refreshToken(other, stranger, false);
    await assert.rejects(refreshToken(other, live, false), { constraint: 'refresh_token_one_live' });
  });

  it('a used refresh token without the one successor to hand out again (T-32)', async () => {
    const sessionId = await family();
    await refreshToken(sessionId, null, false);
    await assert.rejects(
      owner.query('update identity.refresh_token set used_at = now() where session_id = $1', [sessionId]),
      { constraint: 'refresh_token_successor_after_use' },
    );
  });

  it('a provider linked to an account that never proved its address (T-35)', async () => {
    const [squatter, robin] = [await fixture.person({ verified: false }), await fixture.person()];
    const link = (accountId: string): Promise<unknown> =>
      owner.query(
        `insert into identity.provider_link (id, account_id, issuer, subject, email_normalised, created_at)
         values ($1, $2, 'https://accounts.example', $3, 'x@example.org', now())`,
        [randomUUID(), accountId, randomUUID()],
      );
    await assert.rejects(link(squatter.accountId), { constraint: 'provider_link_account_verified' });
    await link(robin.accountId);
  });

  it('a link that lives longer than its type allows, or belongs to nobody', async () => {
    const { accountId } = await fixture.person();
    const token = (type: string, life: string, holder: string | null): Promise<unknown> =>
      owner.query(
        `insert into identity.one_time_token
           (id, type, token_hash, account_id, email_normalised, email, browser_hash, created_at, expires_at)
         values ($1, $2, $3, $4, 'x@example.org', case when $2::text like 'email_change%' then 'X@example.org' end,
           case when $2::text = 'magic_link' then $3::bytea end, now(), now() + $5::interval)`,
        [randomUUID(), type, randomBytes(32), holder, life],
      );
    for (const [type, longest] of [
      ['password_reset', '1 hour'],
      ['magic_link', '10 minutes'],
      ['email_change', '1 hour'],
      ['email_change_undo', '7 days'],
      ['email_verification', '1 day'],
    ] as const) {
      await token(type, longest, accountId);
      await assert.rejects(token(type, `${longest} 1 second`, accountId), {
        constraint: 'one_time_token_life',
      });
      await assert.rejects(token(type, longest, null), { constraint: 'one_time_token_holder' });
    }
    await assert.rejects(token('invite', '7 days', accountId), { constraint: 'one_time_token_holder' });
    await assert.rejects(token('sign_up', '1 day', null), { constraint: 'one_time_token_holder' });
    await assert.rejects(token('other', '1 hour', accountId), { constraint: 'one_time_token_type_known' });
  });

  it('an address that is not one strict addr-spec in lower case (T-39)', async () => {
    const account = (email: string, normalised: string): Promise<unknown> =>
      owner.query(
        `insert into identity.account (id, email, email_normalised, name, created_at) values ($1, $2, $3, 'x', now())`,
        [randomUUID(), email, normalised],
      );
    await account('Strict@Example.org', 'strict@example.org');
    await assert.rejects(account('STRICT@example.org', 'strict@example.org'), {
      constraint: 'account_email_unique',
    });
    for (const [email, normalised] of [
      ['Case@example.org', 'Case@example.org'],
      ['one@example.org', 'other@example.org'],
      ['a@example.org,b@example.org', 'a@example.org,b@example.org'],
      ['a@example.org\nb', 'a@example.org\nb'],
      ['"a"@example.org', '"a"@example.org'],
      ['é@example.org', 'é@example.org'],
      ['a@localhost', 'a@localhost'],
      ['a@127.0.0.1', 'a@127.0.0.1'],
    ] as const) {
      await assert.rejects(account(email, normalised), { code: '23514' }, email);
    }
  });
});
