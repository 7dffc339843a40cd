import { defineCommand, exit } from '../command-line/command.ts';
import { keyOptions } from './keyOptions.ts';

const actorKinds = ['account', 'api_key', 'service', 'job', 'operator', 'agent'] as const;

export const contextMint = defineCommand({
  name: ['context', 'mint'],
  summary: 'seal a context, for psql or a script',
  description:
    'Prints a context token that the database accepts until it expires. Whoever holds it sees what the context ' +
    'covers, so treat it as a password. It needs the key file, which only its owner can read. Use the token in a ' +
    "transaction: select set_config('bulkhead.context', :'token', true);",
  options: {
    tenant: { kind: 'text', placeholder: 'UUID', summary: 'the tenant', required: true },
    company: { kind: 'text', placeholder: 'UUID', summary: 'one company of it (default: all)' },
    actor: {
      kind: 'text',
      placeholder: 'KIND',
      summary: 'what acts',
      choices: actorKinds,
      default: 'service',
    },
    'actor-id': { kind: 'text', placeholder: 'UUID', summary: 'who acts', required: true },
    'on-behalf-of': { kind: 'text', placeholder: 'UUID', summary: 'the account it acts for' },
    life: {
      kind: 'number',
      placeholder: 'SECONDS',
      summary: 'until it expires',
      range: [1, 900],
      default: 60,
    },
    ...keyOptions,
  },
  examples: [
    {
      line: 'bulkhead context mint --tenant 7d4f… --actor-id 1b9c…',
      does: 'a token for every company of the tenant, for one minute',
    },
    {
      line: 'bulkhead context mint --tenant 7d4f… --company 5e2a… --actor agent --actor-id 1b9c… --on-behalf-of 90ad…',
      does: 'a token for an agent that acts for an account in one company',
    },
  ],
  async run(values, terminal) {
    const [{ mintContext }, { readNamedKey }] = await Promise.all([
      import('../context/mint.ts'),
      import('../context/namedKey.ts'),
    ]);
    const key = await readNamedKey(values, terminal);
    const kind = actorKinds.find((known) => known === values.actor) ?? 'service';
    const minted = mintContext(
      {
        tenant: values.tenant,
        company: values.company,
        actor: { kind, id: values['actor-id'], onBehalfOf: values['on-behalf-of'] },
        lifeSeconds: values.life,
      },
      { key, clock: Date.now },
    );
    terminal.progress(`Sealed with key ${minted.keyId}; expires at ${minted.expiresAt}.`);
    terminal.answer({ json: minted, text: minted.token });
    return exit.ok;
  },
});
