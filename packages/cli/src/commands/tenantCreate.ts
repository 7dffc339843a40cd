import { defineCommand, exit } from '../command-line/command.ts';
import { usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

export const tenantCreate = defineCommand({
  name: ['tenant', 'create'],
  summary: 'make a tenant and its owner',
  description:
    'The owner is an account that exists, or, with --owner-name, a new one whose password is read from stdin. ' +
    'Prints the ids.',
  options: {
    name: { kind: 'text', placeholder: 'NAME', summary: 'what people call it', required: true },
    owner: { kind: 'text', placeholder: 'EMAIL', summary: 'who owns it', required: true },
    'owner-name': {
      kind: 'text',
      placeholder: 'NAME',
      summary: 'makes the owner’s account, under this name',
    },
    company: { kind: 'text', placeholder: 'NAME', summary: 'its first company' },
    ...databaseOptions,
  },
  examples: [
    {
      line: 'bulkhead tenant create --name "Acme Ltd" --owner ann@acme.example --owner-name "Ann Acme" < password.txt',
      does: 'a tenant with a new owner',
    },
    {
      line: 'bulkhead tenant create --name "Acme Two" --owner ann@acme.example --company "Acme North"',
      does: 'a second tenant for an account that exists, with a first company',
    },
  ],
  async run(values, terminal) {
    const ownerName = values['owner-name'];
    const password = ownerName === undefined ? '' : (await terminal.input()).replace(/\r?\n$/, '');
    if (ownerName !== undefined && password === '') throw usageFailure('Give the owner’s password on stdin.');
    const newOwner = ownerName === undefined ? undefined : { name: ownerName, password };
    const request = { name: values.name, companyName: values.company, ownerEmail: values.owner, newOwner };
    const [{ withDatabase }, { withIdentity }, { makeTenant }] = await Promise.all([
      import('../database/openDatabase.ts'),
      import('../identity/withIdentity.ts'),
      import('../identity/makeTenant.ts'),
    ]);
    const created = await withDatabase(values, terminal, (config) =>
      withIdentity(config, (identity) => makeTenant(identity, request)),
    );
    terminal.answer({ json: created, text: `Tenant ${created.tenantId}, owned by ${values.owner}.` });
    return exit.ok;
  },
});
