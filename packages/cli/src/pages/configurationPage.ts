import { secretsTable, settingsTable } from '@bulkhead/server';

const introduction = `# Configuration

Written from the settings’ own descriptions by \`npm run docs\`; a test holds it to them.

The server reads a JSON file, named by \`BULKHEAD_CONFIG\`, and then the environment, which wins. Secrets never stand in
the file: they come from a file of their own (\`…_FILE\`) that everybody else cannot read, or, on a machine of your own, from
the environment. Everything that is wrong is reported at once, by name and without its value, and an unknown \`BULKHEAD_…\`
variable is an error, because it is most likely a misspelt one.

\`bulkhead up\` needs none of this: it keeps a Postgres and its secrets in the data folder. It takes \`--port\` and \`--host\`
before the settings, listens on port 4000 unless one is configured, logs warnings only unless \`BULKHEAD_LOG_LEVEL\` says
otherwise, and uses the data folder's own database unless \`BULKHEAD_DATABASE_HOST\` or \`BULKHEAD_CONFIG\` is set or
\`--database\` given.`;

const secrets = `## Secrets
How each is replaced: *rolling* while the server runs, *restart* by a restart. \`bulkhead secrets check\` tells when each is due;
[run.md](run.md#secrets) says how.`;

const command = `## The command alone
| environment | meaning |
|---|---|
| \`BULKHEAD_DEBUG\` | \`1\` adds the stack of an error |
| \`PGPASSWORD\` | password of the administrator named in \`--database\`; so does \`~/.pgpass\` |`;

/** `docs/configuration.md`: every setting of the server, and the command's own variables. */
export function configurationPage(): string {
  return `${[introduction, '## Settings', settingsTable(), secrets, secretsTable(), command].join('\n\n')}\n`;
}
