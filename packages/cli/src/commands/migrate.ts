import { defineCommand, exit } from '../command-line/command.ts';
import { databaseOptions } from '../database/options.ts';
import type { LineFiles } from '../database/migrations.ts';
import { moduleOption } from './moduleOption.ts';

function describe(lines: readonly LineFiles[], title: string): string {
  if (lines.length === 0) return 'The database has every migration.';
  return [title, ...lines.flatMap(({ line, files }) => files.map((file) => `  ${line}/${file}`))].join('\n');
}

export const migrate = defineCommand({
  name: ['migrate'],
  summary: 'apply the migrations that the database lacks',
  description:
    'Applies the numbered files of the kernel, the platform and the named modules, each once and in its own ' +
    'transaction, as bulkhead_owner. Where --database names an administrator (postgres://admin@host/name), the ' +
    'database, the roles and their passwords are made first; PGPASSWORD or ~/.pgpass let the administrator in.',
  options: {
    status: { kind: 'flag', summary: 'only list what is pending; change nothing' },
    ...moduleOption,
    ...databaseOptions,
  },
  examples: [
    { line: 'bulkhead migrate --status', does: 'list what is pending' },
    {
      line: 'bulkhead migrate --database postgres://postgres@db.internal/app --module @bulkhead/books',
      does: 'set up another database, with one module',
    },
  ],
  no: 'with --status: something is pending',
  async run(values, terminal) {
    const [{ applyMigrations, listPending }, { asOwner, withDatabase }, { loadModule }] = await Promise.all([
      import('../database/migrations.ts'),
      import('../database/openDatabase.ts'),
      import('../up/modules.ts'),
    ]);
    const modules = await Promise.all(values.module.map((name) => loadModule(name, terminal.folder)));
    return withDatabase(values, terminal, async (config) => {
      if (values.status) {
        const pending = await asOwner(config, (client) => listPending(client, modules));
        terminal.answer({ json: { pending }, text: describe(pending, 'Pending:') });
        return pending.length === 0 ? exit.ok : exit.no;
      }
      const applied = await applyMigrations(config, modules);
      terminal.answer({ json: { applied }, text: describe(applied, 'Applied:') });
      return exit.ok;
    });
  },
});
