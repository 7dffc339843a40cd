import type { Parts } from '../parts.ts';
import { createAssertOrigin } from './guard.ts';
import type { AssertOrigin } from './guard.ts';
import { createOriginLists } from './lists.ts';
import { createPreflight } from './preflight.ts';
import type { AnswerPreflight } from './preflight.ts';

/** What lets pages of other sites call tenants' procedures, where the tenant allows it. */
export type CrossOriginParts = { assertOrigin: AssertOrigin; preflight: AnswerPreflight };

export function crossOriginParts({
  pools,
  clock,
  limits,
}: Pick<Parts, 'pools' | 'clock' | 'limits'>): CrossOriginParts {
  const lists = createOriginLists({ pool: pools.identity, clock });
  return {
    assertOrigin: createAssertOrigin({ db: pools.tenants, lists }),
    preflight: createPreflight({ lists, limits }),
  };
}
