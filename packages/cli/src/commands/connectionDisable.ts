import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { reasonOption, tenantOption } from './tenantOption.ts';

export const connectionDisable = defineCommand({
  name: ['connection', 'disable'],
  summary: 'switch off a connection that lets nobody in',
  description:
    'For a tenant that its own identity provider has locked out. Sessions that the connection started reach nothing any more. Where it was the last one that was on, single sign-on is required no longer, so that members sign in as they could before. Make sure who asks: the reason stands in the tenant’s audit log.',
  options: {
    ...tenantOption,
    connection: { kind: 'text', placeholder: 'UUID', summary: 'the connection', required: true },
    ...reasonOption,
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead connection disable --tenant 7d0c… --connection 51aa… --reason "expired certificate, ticket 731"',
      does: 'let the members in by password again',
    },
  ],
  async run(values, terminal) {
    const [{ askAsOwner, checkedId }, { checkReason }, { withDatabase }] = await Promise.all([
      import('../identity/inTenant.ts'),
      import('../identity/accountState.ts'),
      import('../database/openDatabase.ts'),
    ]);
    const { reason } = values;
    const tenant = checkedId('--tenant', values.tenant);
    const connection = checkedId('--connection', values.connection);
    checkReason(reason);
    const call = 'identity.release_connection($1, $2, $3)';
    const answer = await withDatabase(values, terminal, (config) =>
      askAsOwner(config, { tenant, call, values: [connection, reason] }),
    );
    const requirementLifted = answer === true;
    terminal.answer({
      json: { tenant, connection, enabled: false, requirementLifted },
      text: requirementLifted
        ? 'The connection is off, and single sign-on is required no longer.'
        : 'The connection is off.',
    });
    return exit.ok;
  },
});
