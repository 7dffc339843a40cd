import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { attacks, type Tokens } from './attacks/index.ts';
import { openLab } from './lab.ts';
import type { Stage } from './matrix.ts';
import { VulnerableService, type Answer } from './vulnerable.ts';
import { contextToken, worlds } from './worlds.ts';

const tables = ['folder', 'note', 'diary', 'label', 'event'];
let lab: Stage;
let superuser: pg.Client;

before(async () => {
  lab = await openLab();
  superuser = new pg.Client(lab.database.connections.superuser);
  await superuser.connect();
  await superuser.query('set session_replication_role = replica');
  for (const table of tables) {
    await superuser.query(`update lab.${table} set code = 'secret ' || id where ${notMine(table)}`);
  }
  await superuser.query('reset session_replication_role');
  await superuser.query('analyze');
});
after(async () => {
  await superuser.end();
  await lab.database.drop();
});

/** Rows out of the sight of the attacker's context. */
function notMine(table: string): string {
  const { tenant, company, account } = worlds.own;
  const second = {
    note: `company_id <> '${company}'`,
    label: `company_id <> '${company}'`,
    diary: `account_id <> '${account}'`,
  }[table];
  return [
    `tenant_id <> '${tenant}'`,
    'deleted_at is not null',
    ...(second === undefined ? [] : [second]),
  ].join(' or ');
}

async function fingerprint(): Promise<string> {
  const parts = tables.map(
    (table) =>
      `select string_agg(t::text, ';' order by t.id) as part from lab.${table} t where ${notMine(table)}`,
  );
  const { rows } = await superuser.query<{ print: string }>(
    `select md5(string_agg(part, '|')) as print from (${parts.join(' union all ')}) p`,
  );
  return rows[0]?.print ?? '';
}

/** Entries that name anybody but the attacker, and those that stood before and no longer do. */
async function strangeEntries(): Promise<number> {
  const { rows } = await superuser.query<{ count: number }>(
    `select count(*)::int as count from bulkhead.audit_entry
    where actor_kind <> 'account' or actor_id <> $1 or tenant_id <> $2`,
    [worlds.own.account, worlds.own.tenant],
  );
  return rows[0]?.count ?? 0;
}

function tokens(): Tokens {
  const token = (name: Parameters<typeof contextToken>[0]): string => contextToken(name, lab.sealers) ?? '';
  return {
    own: token('own'),
    forged: token('forged'),
    foreign: token('foreignSeal'),
    expired: token('expired'),
  };
}

const outcome = ({ sqlstate, results }: Answer): string => sqlstate ?? `rows ${results.at(-1)?.length ?? 0}`;

describe('ISO-5 T-19 T-20 SQL injected into a service that lets it in', () => {
  const placeholders: Tokens = { own: '', forged: '', foreign: '', expired: '' };
  for (const [at, { name }] of attacks(placeholders).entries()) {
    test(name, async () => {
      const attack = attacks(tokens())[at];
      assert.ok(attack);
      const [before, strange] = [await fingerprint(), await strangeEntries()];
      const service = new VulnerableService(lab.database.connections.app);
      await service.connect();
      try {
        const answer = await service.request(tokens().own, attack.hole, attack.input);
        assert.doesNotMatch(JSON.stringify(answer), /secret /, 'it shows what is another’s');
        assert.equal(await fingerprint(), before, 'it changed what is another’s');
        assert.equal(await strangeEntries(), strange, 'it made entries in another’s name');
        assert.ok(
          attack.expected.split(' or ').includes(outcome(answer)),
          `${outcome(answer)} ${answer.message}, must be ${attack.expected}`,
        );
        await assertNextRequestIsSafe(service);
      } finally {
        await service.close();
      }
    });
  }
});

/** T-17: the next request on the connection, another tenant's, sees its own rows or fails; it never sees the attacker's. */
async function assertNextRequestIsSafe(service: VulnerableService): Promise<void> {
  const { tenant, company, account } = worlds.otherTenant;
  const token = lab.database.sealer.seal({ tenant, company, actor: { kind: 'account', id: account } });
  const next = await service.request(token, 'script', 'select tenant_id, code from lab.note');
  const seen = new Set(next.results.flat().map((row) => row['tenant_id']));
  assert.ok(next.sqlstate === '42501' || (seen.size === 1 && seen.has(tenant)), JSON.stringify(next));
}
