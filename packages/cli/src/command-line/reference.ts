import type { Command } from './command.ts';
import { commandHelp, overviewHelp } from './help.ts';

/** The reference page in Markdown: every command's help, as the command prints it. */
export function reference(commands: readonly Command[]): string {
  const sections = commands.map((command) => {
    const name = `bulkhead ${command.name.join(' ')}`;
    return `## ${name}\n\n\`\`\`\n${commandHelp(command)}\n\`\`\``;
  });
  return (
    [
      '# The `bulkhead` command',
      'Written from the commands’ own help by `npm run docs`; a test holds it to them.',
      'In this repository the command is `node packages/cli/src/main.ts`, and `npm start` is `up --demo`.',
      `\`\`\`\n${overviewHelp(commands)}\n\`\`\``,
      ...sections,
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}
