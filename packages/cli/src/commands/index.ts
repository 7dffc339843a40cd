import type { Command } from '../command-line/command.ts';
import { check } from './check.ts';
import { contextInspect } from './contextInspect.ts';
import { contextMint } from './contextMint.ts';
import { operatorPromote } from './operatorPromote.ts';
import { tenantCreate } from './tenantCreate.ts';
import { version } from './version.ts';

/** Every command, in the order in which the help lists them. */
export const commands: readonly Command[] = [
  check,
  tenantCreate,
  operatorPromote,
  contextMint,
  contextInspect,
  version,
];
