import type { Hole } from '../vulnerable.ts';
import { worlds } from '../worlds.ts';

/** Tokens an attacker may hold or make up. `own` is the request's; it can be read, and that is all it gives. */
export type Tokens = { own: string; forged: string; foreign: string; expired: string };

/**
 * `expected` is the SQLSTATE, or how many rows the last statement answers. What an attack may never do, whatever it
 * answers, is asserted for each of them: show or change a row out of the context's sight, or name another actor.
 */
export type Attack = { name: string; hole: Hole; input: string; expected: string };

export const b = worlds.otherTenant.tenant;
export const all = 'select id, tenant_id, code from lab.note';
export const folders = 'select tenant_id, code from lab.folder';
export const set = (token: string, local = true): string =>
  `set_config('bulkhead.context', '${token}', ${local})`;

export const stacked = (name: string, statements: string, expected: string): Attack => ({
  name,
  hole: 'where',
  input: `x'; ${statements} --`,
  expected,
});
export const script = (name: string, input: string, expected: string): Attack => ({
  name,
  hole: 'script',
  input,
  expected,
});
