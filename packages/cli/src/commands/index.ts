import type { Command } from '../command-line/command.ts';
import { attack } from './attack.ts';
import { check } from './check.ts';
import { contextInspect } from './contextInspect.ts';
import { contextMint } from './contextMint.ts';
import { contextRetire } from './contextRetire.ts';
import { contextRotate } from './contextRotate.ts';
import { migrate } from './migrate.ts';
import { operatorPromote } from './operatorPromote.ts';
import { scan } from './scan.ts';
import { tenantCreate } from './tenantCreate.ts';
import { up } from './up.ts';
import { version } from './version.ts';

/** Every command, in the order in which the help lists them. */
export const commands: readonly Command[] = [
  up,
  migrate,
  check,
  scan,
  attack,
  tenantCreate,
  operatorPromote,
  contextMint,
  contextInspect,
  contextRotate,
  contextRetire,
  version,
];
