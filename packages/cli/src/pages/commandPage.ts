import type { Command } from '../command-line/command.ts';
import { commandHelp, overviewHelp } from '../command-line/help.ts';

/** `docs/cli.md`: every command's help, as the command prints it. */
export function commandPage(commands: readonly Command[]): string {
  const fence = (text: string): string => `\`\`\`\n${text}\n\`\`\``;
  const sections = commands.map(
    (command) => `## bulkhead ${command.name.join(' ')}\n\n${fence(commandHelp(command))}`,
  );
  const parts = [
    '# The `bulkhead` command',
    'Written from the commands’ own help by `npm run docs`; a test holds it to them. In this repository the command ' +
      'is `node packages/cli/src/main.ts`, and `npm start` is `up --demo`.',
    fence(overviewHelp(commands)),
    ...sections,
  ];
  return `${parts.join('\n\n')}\n`;
}
