import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import { reasonOption, tenantOption } from './tenantOption.ts';

export const apiKeyRevoke = defineCommand({
  name: ['api-key', 'revoke'],
  summary: 'end an API key of a tenant for good',
  description:
    'For a key that leaked while nobody of the tenant can be reached. A running server notices within five seconds. The reason stands in the tenant’s audit log.',
  options: {
    ...tenantOption,
    key: { kind: 'text', placeholder: 'UUID', summary: 'the key’s id', required: true },
    ...reasonOption,
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead api-key revoke --tenant 7d0c… --key 9f31… --reason "found in a public repository"',
      does: 'end it',
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
    const key = checkedId('--key', values.key);
    checkReason(reason);
    const call = 'identity.withdraw_api_key($1, $2, $3)';
    const name = await withDatabase(values, terminal, (config) =>
      askAsOwner(config, { tenant, call, values: [key, reason] }),
    );
    terminal.answer({
      json: { tenant, key, name, revoked: true },
      text: `The key “${String(name)}” is revoked.`,
    });
    return exit.ok;
  },
});
