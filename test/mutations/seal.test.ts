import { after, before, describe } from 'node:test';
import type { Stage } from '../isolation/matrix.ts';
import { contextToken, type ContextName } from '../isolation/worlds.ts';
import {
  connected,
  functionsAreClosed,
  functionsShowOwnRows,
  matrix,
  plansFollowTheContext,
  type Assertion,
} from './assertions.ts';
import { openLab } from '../isolation/lab.ts';
import { mutations, type Inspection } from './mutation.ts';

let lab: Stage;
before(async () => {
  lab = await openLab();
});
after(() => lab.database.drop());

const { mutation, harmless } = mutations(() => lab);
const inspection: Inspection = 'unsafe_functions';

const refuses = (...contexts: ContextName[]): Assertion =>
  matrix({ roles: ['app'], contexts, tables: ['lab.note'], operations: /^(select|insert)$/ });

/** What the function answers under a context that nobody sealed. */
const claimsAreNotBelieved =
  (name: string): Assertion =>
  (stage) =>
    connected(stage, 'app', async (client) => {
      await client.query(`select set_config('bulkhead.context', $1, false)`, [
        contextToken('forged', stage.sealers),
      ]);
      return client.query(`select bulkhead.${name}()`).then(
        () => [`bulkhead.${name}() answers what a forged context claims`],
        () => [],
      );
    });

/** The verifying function with one line of its body changed. */
const verifyWithout = (line: string, instead: string): string => `
do $mutate$
declare
  definition text := pg_get_functiondef('bulkhead.verified_context()'::regprocedure);
begin
  if position($line$${line}$line$ in definition) = 0 then
    raise exception 'the line to change is not there: %', definition;
  end if;
  execute replace(definition, $line$${line}$line$, $line$${instead}$line$);
end
$mutate$`;

describe('ISO-5 the seal: the matrix and the inspection turn red when the verifying function', () => {
  mutation('believes whatever it is told', {
    break: `create or replace function bulkhead.verified_context() returns text language sql stable
      security definer set search_path = '' as $$ select nullif(current_setting('bulkhead.context', true), '') $$`,
    assertion: refuses('forged', 'foreignSeal', 'expired', 'truncated', 'otherVersion'),
    inspection,
  });
  mutation('does not compare the seal', {
    break: verifyWithout(`left(token, 4) = 'bh1.'`, `left(token, 4) = 'bh1.' or true`),
    assertion: refuses('forged', 'foreignSeal'),
    inspection,
  });
  mutation('does not look at the expiry', {
    break: verifyWithout('remaining between 0 and 900', 'remaining is not null'),
    assertion: refuses('expired'),
    inspection,
  });
  mutation('does not look at the version', {
    break: verifyWithout(`left(token, 4) = 'bh1.'`, 'true'),
    assertion: matrix({
      roles: ['app'],
      contexts: ['otherVersion'],
      tables: ['lab.note'],
      operations: /^select$/,
    }),
    inspection,
  });
  mutation('refuses everybody', {
    break: verifyWithout('return token', 'return bulkhead.refuse_context()'),
    assertion: refuses('own'),
    inspection,
  });
  for (const name of ['tenant_id', 'company_id', 'account_id']) {
    mutation(`is not asked by ${name}()`, {
      break: `create or replace function bulkhead.${name}() returns uuid language sql stable parallel safe
        return bulkhead.claimed_${name}()`,
      assertion: claimsAreNotBelieved(name),
      inspection,
    });
  }
  mutation('is folded into cached plans (T-15)', {
    break:
      'alter function bulkhead.verified_context() immutable; alter function bulkhead.tenant_id() immutable',
    assertion: plansFollowTheContext,
    inspection,
  });
});

describe('T-7 functions: the assertion and the inspection turn red when', () => {
  const peek = `create function lab.peek() returns bigint language sql stable security definer set search_path = ''
    as $$ select count(*) from lab.note where tenant_id <> (select bulkhead.tenant_id()) $$;`;
  mutation('one with its owner’s rights is open to everybody', {
    break: `${peek} grant execute on function lab.peek() to public`,
    assertion: functionsAreClosed,
    inspection,
  });
  mutation('one runs with the rights of somebody whom no wall holds', {
    break: `${peek} revoke execute on function lab.peek() from public; grant execute on function lab.peek() to bulkhead_app`,
    assertion: functionsShowOwnRows,
    inspection,
  });
  mutation('one belongs to the application, which may then change it', {
    break: `grant create on schema bulkhead to bulkhead_app; alter function bulkhead.verified_context() owner to bulkhead_app;
      revoke create on schema bulkhead from bulkhead_app`,
    assertion: refuses('own'),
    inspection,
  });
  harmless('one runs with the rights of the owner, whom the walls hold', {
    break: `${peek} alter function lab.peek() owner to bulkhead_owner; revoke execute on function lab.peek() from public;
      grant execute on function lab.peek() to bulkhead_app`,
    assertion: functionsShowOwnRows,
    inspection,
  });
});
