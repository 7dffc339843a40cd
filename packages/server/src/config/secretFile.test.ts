import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { ConfigError, loadConfig } from './load.ts';
import { reviewSecrets } from './reviewSecrets.ts';
import { inspectSecretFile, judgeSecretFile } from './secretFile.ts';

const file = { mode: 0o600, owner: 1000, isFile: true, folderMode: 0o700, resolved: '/etc/bulkhead/key' };

const judged: { name: string; seen: Partial<typeof file>; refused?: RegExp; warned?: RegExp }[] = [
  { name: 'its owner’s alone', seen: {} },
  { name: 'readable by its group', seen: { mode: 0o440, owner: 0 } },
  { name: 'writable by its group', seen: { mode: 0o660 }, warned: /its group/ },
  { name: 'readable by everybody', seen: { mode: 0o644 }, refused: /read by everybody/ },
  { name: 'readable by everybody, root’s', seen: { mode: 0o444, owner: 0 }, refused: /read by everybody/ },
  {
    name: 'as Docker mounts it: 0444, root’s, under /run/secrets',
    seen: { mode: 0o444, owner: 0, resolved: '/run/secrets/key' },
    warned: /in this container/,
  },
  {
    name: 'under /run/secrets, but somebody else’s',
    seen: { mode: 0o444, owner: 1000, resolved: '/run/secrets/key' },
    refused: /read by everybody/,
  },
  {
    name: 'in a folder that only sounds like it',
    seen: { mode: 0o444, owner: 0, resolved: '/srv/run/secrets/key' },
    refused: /read by everybody/,
  },
  {
    name: 'writable by everybody, wherever it is',
    seen: { mode: 0o446, owner: 0, resolved: '/run/secrets/key' },
    refused: /written by everybody/,
  },
  { name: 'in a folder that everybody writes to', seen: { folderMode: 0o777 }, refused: /folder/ },
  { name: 'in a folder such as /tmp, which is sticky', seen: { folderMode: 0o1777 } },
  { name: 'another user’s', seen: { mode: 0o640, owner: 4711 }, warned: /another user/ },
  { name: 'a folder', seen: { isFile: false }, refused: /no regular file/ },
];
for (const { name, seen, refused, warned } of judged) {
  test(`T-44 OPS-6 a secret’s file that is ${name} is ${refused === undefined ? 'taken' : 'refused'}`, () => {
    const { refusal, warning } = judgeSecretFile({ ...file, ...seen }, 1000);
    if (refused === undefined) assert.equal(refusal, undefined);
    else assert.match(refusal ?? '', refused);
    if (warned === undefined) assert.equal(warning, undefined);
    else assert.match(warning ?? '', warned);
  });
}

describe('secrets in files on disk (OPS-6, T-44)', () => {
  const good = '8f3a1c5e7b9d0246f1e3d5c7b9a80214365870fa1b2c3d4e5f60718293a4b5c6';
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-secrets-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function keep(name: string, text = good, mode = 0o600): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, `${text}\n`);
    await chmod(path, mode);
    return path;
  }
  const environment = async () => ({
    BULKHEAD_DATABASE_APP_PASSWORD_FILE: await keep('app'),
    BULKHEAD_DATABASE_IDENTITY_PASSWORD_FILE: await keep('identity'),
    BULKHEAD_CONTEXT_KEY_FILE: await keep('context'),
    BULKHEAD_CONTEXT_KEY_ID: '0a1b2c3d',
    BULKHEAD_ENCRYPTION_KEY_FILE: await keep('encryption'),
    BULKHEAD_ENCRYPTION_KEY_ID: '1b2c3d4e',
  });
  const problemsOf = async (env: Record<string, string>) =>
    loadConfig({ env }).then(
      () => [],
      (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.ok(!error.message.includes(good), 'no value');
        return error.problems.map(({ setting, message }) => `${setting}: ${message}`);
      },
    );

  it('are read, and their sources known without their values', async () => {
    const config = await loadConfig({ env: await environment() });
    assert.deepEqual(
      config.secretSources?.map(({ setting, from }) => [setting, from]),
      [
        ['database.appPassword', 'file'],
        ['database.identityPassword', 'file'],
        ['context.key', 'file'],
        ['encryption.key', 'file'],
      ],
    );
    assert.ok(!JSON.stringify(config.secretSources).includes(good));
  });

  it('stop the start when everybody can read them, or replace them by way of the folder', async () => {
    const env = await environment();
    await chmod(env.BULKHEAD_CONTEXT_KEY_FILE, 0o604);
    assert.match((await problemsOf(env)).join(), /^BULKHEAD_CONTEXT_KEY_FILE: .*can be read by everybody/);
    await chmod(env.BULKHEAD_CONTEXT_KEY_FILE, 0o600);
    assert.deepEqual(await problemsOf(env), []);
    await chmod(folder, 0o777);
    assert.match((await problemsOf(env)).join(), /folder that everybody may write to/);
    await chmod(folder, 0o700);
  });

  it('are judged where a link leads', async () => {
    await mkdir(join(folder, 'open'));
    const target = await keep('open/key', good, 0o644);
    const link = join(folder, 'link');
    await symlink(target, link);
    assert.match((await inspectSecretFile(link)).refusal ?? '', /read by everybody/);
  });

  it('of the sign-in’s providers are looked at too', async () => {
    const clientSecretFile = await keep('client', good, 0o644);
    const providers = [
      {
        name: 'google',
        label: 'Google',
        issuer: 'https://accounts.google.com',
        clientId: 'x',
        clientSecretFile,
      },
    ];
    const env = { ...(await environment()), BULKHEAD_SIGN_IN_PROVIDERS: JSON.stringify(providers) };
    assert.match(
      (await problemsOf(env)).join(),
      /^signIn.providers.google.clientSecret: .*read by everybody/,
    );
    await chmod(clientSecretFile, 0o600);
    const { secretSources } = await loadConfig({ env });
    assert.ok(secretSources?.some(({ setting }) => setting === 'signIn.providers.google.clientSecret'));
  });

  it('stand in no environment of a service that people reach, unless that is asked for', async () => {
    const { BULKHEAD_CONTEXT_KEY_FILE: _file, ...rest } = await environment();
    const env = { ...rest, BULKHEAD_CONTEXT_KEY: good };
    assert.deepEqual(await problemsOf(env), [], 'on this machine');
    const reached = { ...env, BULKHEAD_HTTP_PUBLIC_URL: 'https://app.example.com' };
    assert.match((await problemsOf(reached)).join(), /^BULKHEAD_CONTEXT_KEY: is a secret in the environment/);
    assert.deepEqual(await problemsOf({ ...reached, BULKHEAD_SECRETS_FROM_ENVIRONMENT: 'true' }), []);
  });

  it('are reviewed with class, age, mode and what is wrong', async () => {
    const env = { ...(await environment()), BULKHEAD_MAIL_PASSWORD_FILE: join(folder, 'nowhere') };
    await chmod(env.BULKHEAD_CONTEXT_KEY_FILE, 0o644);
    const { changedAt } = await inspectSecretFile(env.BULKHEAD_DATABASE_APP_PASSWORD_FILE);
    const days = (count: number) => count * 24 * 3_600_000;
    const reviews = await reviewSecrets({ env, clock: () => changedAt.getTime() + days(90) + days(1) });
    const found = (setting: string) => reviews.find((review) => review.setting === setting);
    assert.partialDeepStrictEqual(found('database.appPassword'), {
      class: 'rolling',
      from: 'file',
      mode: '0600',
      ageDays: 91,
      problems: ['is to be replaced after 90 days'],
    });
    assert.match(found('context.key')?.problems[0] ?? '', /read by everybody/);
    assert.match(found('mail.password')?.problems[0] ?? '', /cannot read .*ENOENT/);
    assert.deepEqual(found('encryption.key')?.problems, []);
    assert.equal(found('redis.url'), undefined, 'nobody asked for it');
    assert.ok(!JSON.stringify(reviews).includes(good));
    const [missing] = await reviewSecrets({ env: {}, clock: Date.now });
    assert.partialDeepStrictEqual(missing, {
      setting: 'database.appPassword',
      from: 'nowhere',
      problems: ['is required'],
    });
  });

  it('mutation: an inspection that sees nothing lets an exposed secret in', async () => {
    const env = await environment();
    await chmod(env.BULKHEAD_CONTEXT_KEY_FILE, 0o644);
    const blind = async (path: string) => ({
      ...(await inspectSecretFile(path)),
      refusal: undefined,
    });
    await loadConfig({ env, inspect: blind });
  });
});
