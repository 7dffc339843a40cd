import { after, before, describe } from 'node:test';
import type { Stage } from '../isolation/matrix.ts';
import { openLab } from '../isolation/lab.ts';
import { connected, kernelIsClosed, relationsShowOwnRows, type Assertion } from './assertions.ts';
import { mutations, type Inspection } from './mutation.ts';

let lab: Stage;
before(async () => {
  lab = await openLab();
});
after(() => lab.database.drop());

const { mutation } = mutations(() => lab);
const inspection: Inspection = 'unprotected_tables';
const tables = ['audit_link', 'audit_tile', 'audit_checkpoint', 'audit_cut'] as const;
const stranger = '99999999-0000-4000-8000-000000000009';

/** Rows of a chain that is nobody's here, so that there is something to change and to see. */
const rows = `
  insert into bulkhead.audit_link values ('${stranger}', 0, 1, now(), '\\x00');
  insert into bulkhead.audit_tile values ('${stranger}', 1, 0, '\\x00');
  insert into bulkhead.audit_checkpoint values ('${stranger}', 1, '\\x00', 'note');
  insert into bulkhead.audit_cut values ('${stranger}', 1, 1, 'a reason that is long');`;

/** No update, removal or truncation of a chain succeeds, not even the superuser's. */
const chainIsAppendOnly: Assertion = (stage) =>
  connected(stage, 'superuser', async (client) => {
    const problems: string[] = [];
    await client.query(`begin; ${rows}`);
    for (const table of tables) {
      const changes = [`update bulkhead.${table} set tenant_id = tenant_id`, `delete from bulkhead.${table}`];
      // What a foreign key refers to cannot be truncated alone in any case.
      if (table !== 'audit_checkpoint') changes.push(`truncate bulkhead.${table}`);
      for (const change of changes) {
        await client.query('savepoint s');
        const answer = await client.query(change).then(
          () => 'done',
          (error: { code?: string }) => String(error.code),
        );
        if (answer !== '42501') problems.push(`${change}: ${answer}`);
        await client.query('rollback to s');
      }
    }
    await client.query('rollback');
    return problems;
  });

/** A tenant sees no other's chain. */
const chainsShowOwn: Assertion = async (stage) => {
  await connected(stage, 'superuser', (client) =>
    client.query(rows.replaceAll(');', ') on conflict do nothing;')),
  );
  return relationsShowOwnRows(stage);
};

describe('AUD-2 the chain: the assertion and the inspection turn red when', () => {
  for (const table of tables) {
    mutation(`${table}’s rows can be changed`, {
      break: `alter table bulkhead.${table} disable trigger ${table}_append_only`,
      assertion: chainIsAppendOnly,
      inspection,
    });
    mutation(`${table} has no row-level security`, {
      break: `alter table bulkhead.${table} disable row level security`,
      assertion: chainsShowOwn,
      inspection,
    });
  }
  mutation('links can be truncated', {
    break: 'alter table bulkhead.audit_link disable trigger audit_link_no_truncate',
    assertion: chainIsAppendOnly,
    inspection,
  });
  mutation('the application may write links', {
    break: 'grant insert on bulkhead.audit_link to bulkhead_app',
    assertion: kernelIsClosed,
    inspection,
  });
});
