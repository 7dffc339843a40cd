import { listSettings } from './describe.ts';

/**
 * How a secret is replaced. `rolling`: the server notices that the file changed and goes on with what is in it.
 * `restart`: it says that it has to be restarted.
 */
export type SecretClass = 'rolling' | 'restart';

export type SecretRule = {
  class: SecretClass;
  /** Days after which it is to be replaced. */ rotateAfter: number;
};

/** What every secret is, by its setting; what is not here is of the restart class, to be replaced once a year. */
const rules: Readonly<Record<string, SecretRule>> = {
  'database.appPassword': { class: 'rolling', rotateAfter: 90 },
  'database.identityPassword': { class: 'rolling', rotateAfter: 90 },
  'database.workerPassword': { class: 'rolling', rotateAfter: 90 },
  'database.auditorPassword': { class: 'rolling', rotateAfter: 90 },
  // Read once, at boot, to migrate.
  'database.ownerPassword': { class: 'restart', rotateAfter: 90 },
  // Its id stands in the configuration and in the database: both change together.
  'context.key': { class: 'restart', rotateAfter: 90 },
  'encryption.key': { class: 'restart', rotateAfter: 365 },
  'encryption.previousKey': { class: 'restart', rotateAfter: 365 },
  'internal.secret': { class: 'rolling', rotateAfter: 90 },
  'internal.previousSecret': { class: 'rolling', rotateAfter: 90 },
  'internal.userKey': { class: 'restart', rotateAfter: 90 },
  'mail.password': { class: 'rolling', rotateAfter: 180 },
  // Every checkpoint's readers know its public half.
  'audit.key': { class: 'restart', rotateAfter: 730 },
  'audit.s3AccessKeyId': { class: 'restart', rotateAfter: 90 },
  'audit.s3SecretAccessKey': { class: 'restart', rotateAfter: 90 },
  'redis.url': { class: 'restart', rotateAfter: 180 },
};

const otherwise: SecretRule = { class: 'restart', rotateAfter: 365 };

/** @param setting e.g. `mail.password` */
export function secretRule(setting: string): SecretRule {
  return rules[setting] ?? otherwise;
}

/** Every secret of the configuration in Markdown: how it is replaced, and after how long. */
export function secretsTable(): string {
  const rows = listSettings()
    .filter(({ secret }) => secret)
    .map(({ path, variable }) => {
      const name = path.join('.');
      const rule = secretRule(name);
      return `| \`${name}\` | \`${variable}_FILE\` | ${rule.class} | ${rule.rotateAfter} days |`;
    });
  return ['| secret | file | class | replace after |', '|---|---|---|---|', ...rows].join('\n');
}
