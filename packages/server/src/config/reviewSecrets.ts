import { listSettings, settingSchema } from './describe.ts';
import { ConfigError, loadConfig } from './load.ts';
import { secretRule } from './secretClasses.ts';
import type { SecretClass } from './secretClasses.ts';
import { inspectSecretFile } from './secretFile.ts';
import type { SecretFile } from './secretFile.ts';

/** What is known of one secret of a configuration, without its value. */
export type SecretReview = {
  setting: string;
  class: SecretClass;
  from: 'file' | 'environment' | 'nowhere';
  path: string | null;
  /** Permission bits in octal, e.g. `0600`. */
  mode: string | null;
  /** Whole days since its file changed. */
  ageDays: number | null;
  replaceBy: Date | null;
  /** Each of them keeps the server from starting, or says that the secret is overdue. */
  problems: string[];
  warnings: string[];
};

const day = 24 * 60 * 60 * 1000;

/**
 * Looks at every secret that an environment gives, and at those it should give, as the server would at its start.
 *
 * @param env as `loadConfig` reads it
 */
export async function reviewSecrets({
  env,
  clock,
}: {
  env: Readonly<Record<string, string | undefined>>;
  clock: () => number;
}): Promise<SecretReview[]> {
  const problems = await problemsOf(env);
  const reviews: SecretReview[] = [];
  for (const { path: keys, variable, secret } of listSettings()) {
    if (!secret) continue;
    const setting = keys.join('.');
    const own = problems
      .filter((problem) => [setting, variable, `${variable}_FILE`].includes(problem.setting))
      .map(({ message }) => message)
      // What was refused is not missing.
      .filter((message, _index, all) => all.length === 1 || message !== 'is required');
    const path = env[`${variable}_FILE`] || null;
    const from = path !== null ? 'file' : env[variable] ? 'environment' : 'nowhere';
    const isRequired = settingSchema(setting)?.safeParse(undefined).success === false;
    if (from === 'nowhere' && !isRequired && own.length === 0) continue;
    // oxlint-disable-next-line no-await-in-loop -- in the settings' order
    const file = path === null ? undefined : await inspectSecretFile(path).catch(() => undefined);
    reviews.push({ setting, from, path, ...describe(setting, { file, from, problems: own, now: clock() }) });
  }
  return reviews;
}

async function problemsOf(env: Readonly<Record<string, string | undefined>>) {
  try {
    await loadConfig({ env });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

type Found = { file: SecretFile | undefined; from: SecretReview['from']; problems: string[]; now: number };

function describe(
  setting: string,
  { file, from, problems, now }: Found,
): Omit<SecretReview, 'setting' | 'from' | 'path'> {
  const { class: kind, rotateAfter } = secretRule(setting);
  const replaceBy = file === undefined ? null : new Date(file.changedAt.getTime() + rotateAfter * day);
  const overdue = replaceBy !== null && replaceBy.getTime() < now;
  const warnings = [
    ...(from === 'environment' ? ['stands in the environment: a file of its own is better'] : []),
    ...(file?.warning === undefined ? [] : [file.warning]),
  ];
  return {
    class: kind,
    mode: file === undefined ? null : file.mode.toString(8).padStart(4, '0'),
    ageDays: file === undefined ? null : Math.floor(Math.max(0, now - file.changedAt.getTime()) / day),
    replaceBy,
    problems: overdue ? [...problems, `is to be replaced after ${rotateAfter} days`] : problems,
    warnings,
  };
}
