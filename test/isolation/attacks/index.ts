import type { Attack, Tokens } from './attack.ts';
import { classic } from './classic.ts';
import { context } from './context.ts';
import { kernel } from './kernel.ts';
import { machinery, making, underway } from './machinery.ts';
import { settings } from './settings.ts';

export type { Attack, Tokens } from './attack.ts';

export function attacks(tokens: Tokens): Attack[] {
  return [
    ...classic,
    ...context(tokens),
    ...settings,
    ...making,
    ...machinery,
    ...underway(tokens),
    ...kernel,
  ];
}
