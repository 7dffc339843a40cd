import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ClientRegistration } from '@bulkhead/platform/identity/provider';
import { defineCommand, exit, type Values } from '../command-line/command.ts';
import { CommandFailure, usageFailure } from '../command-line/failure.ts';
import { databaseOptions } from '../database/options.ts';

const options = {
  id: { kind: 'text', placeholder: 'ID', summary: 'client_id: a-z, 0-9 and hyphen', required: true },
  name: { kind: 'text', placeholder: 'NAME', summary: 'what people are shown', required: true },
  'first-party': {
    kind: 'flag',
    summary: 'your own application: nobody is asked for consent; without it nobody can sign in to it',
  },
  authentication: {
    kind: 'text',
    placeholder: 'HOW',
    summary: 'how it proves itself; none is for applications in a browser',
    choices: ['secret', 'private_key', 'none'],
    default: 'secret',
  },
  'public-keys': { kind: 'text', placeholder: 'FILE', summary: 'its JSON Web Key Set, for private_key' },
  'redirect-uri': { kind: 'list', placeholder: 'URI', summary: 'where codes may be sent, exactly' },
  'post-logout-uri': {
    kind: 'list',
    placeholder: 'URI',
    summary: 'where people may be sent after signing out, exactly',
  },
  'backchannel-logout-uri': {
    kind: 'text',
    placeholder: 'URI',
    summary: 'where it is told that a session ended',
  },
  refresh: { kind: 'flag', summary: 'gives it refresh tokens, which end with the session' },
  'may-call': { kind: 'list', placeholder: 'RESOURCE', summary: 'a back end it may ask tokens for' },
  resource: {
    kind: 'text',
    placeholder: 'URI',
    summary: 'makes it a back end: the audience of the tokens it accepts',
  },
  'resource-scope': { kind: 'list', placeholder: 'SCOPE', summary: 'a scope this back end understands' },
  'token-format': {
    kind: 'text',
    placeholder: 'FORMAT',
    summary: 'tokens for this back end: jwt is verified by itself, opaque is asked about and revoked at once',
    choices: ['jwt', 'opaque'],
    default: 'jwt',
  },
  ...databaseOptions,
} as const;

export const clientCreate = defineCommand({
  name: ['client', 'create'],
  summary: 'register an application or back end with the identity provider',
  description:
    'An application signs people in through this service by OpenID Connect; a back end accepts access tokens made ' +
    'for it. Writes as bulkhead_owner. A secret is printed this once and stored as a hash.',
  options,
  examples: [
    {
      line: 'bulkhead client create --id shop --name Shop --first-party --redirect-uri https://shop.example.com/callback',
      does: 'an application with a secret',
    },
    {
      line: 'bulkhead client create --id orders --name Orders --resource https://orders.example.com',
      does: 'a back end',
    },
  ],
  async run(values, terminal) {
    const [{ createClient }, { asOwner, withDatabase }, { registering }] = await Promise.all([
      import('@bulkhead/platform/identity/provider'),
      import('../database/openDatabase.ts'),
      import('../identity/registering.ts'),
    ]);
    const registration = await registrationOf(values, terminal.folder);
    const made = await withDatabase(values, terminal, (config) =>
      asOwner(config, (client) =>
        registering(
          ({ randomBytes, ...registrar }) => createClient(registrar, registration, randomBytes),
          client,
        ),
      ),
    );
    terminal.answer({
      json: { client: registration.id, ...made },
      text: `${registration.id} is registered.${made.secret === null ? '' : `\nIts secret, shown this once: ${made.secret}`}`,
    });
    return exit.ok;
  },
});

async function registrationOf(values: Values<typeof options>, folder: string): Promise<ClientRegistration> {
  const { resource, authentication } = values;
  const isBackEnd = resource !== undefined;
  if (!isBackEnd && values['resource-scope'].length > 0) {
    throw usageFailure('--resource-scope belongs to a back end: give --resource too.');
  }
  return {
    id: values.id,
    name: values.name,
    firstParty: values['first-party'],
    authentication: authentication as ClientRegistration['authentication'],
    publicKeys: await publicKeysOf(values, folder),
    redirectUris: values['redirect-uri'],
    postLogoutRedirectUris: values['post-logout-uri'],
    backchannelLogoutUri: values['backchannel-logout-uri'],
    refresh: values.refresh,
    mayCall: values['may-call'],
    resource,
    resourceScopes: values['resource-scope'],
    tokenFormat: isBackEnd ? (values['token-format'] as 'jwt' | 'opaque') : undefined,
  };
}

async function publicKeysOf(values: Values<typeof options>, folder: string): Promise<object | undefined> {
  const path = values['public-keys'];
  if ((path !== undefined) !== (values.authentication === 'private_key')) {
    throw usageFailure('--public-keys goes with --authentication private_key, and only with it.');
  }
  if (path === undefined) return undefined;
  const set: unknown = JSON.parse(await readFile(resolve(folder, path), 'utf8').catch(unreadable(path)));
  const keys: unknown = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : undefined;
  if (!Array.isArray(keys) || keys.some(isPrivate)) {
    throw usageFailure(`${path} must be a JSON Web Key Set of public keys.`);
  }
  return { keys };
}

function isPrivate(key: unknown): boolean {
  return typeof key !== 'object' || key === null || 'd' in key || 'k' in key;
}

function unreadable(path: string): (cause: unknown) => never {
  return (cause) => {
    throw new CommandFailure('file_unreadable', `${path} cannot be read.`, { cause });
  };
}
