import { implementContract, type ModuleContext } from '@bulkhead/server/module';
import { contract } from '../contract/index.ts';

/** Where every procedure of books is implemented from. */
export const os = implementContract(contract);

/**
 * The company the request names, for what cannot be done in several at once.
 * @throws what `refuse` makes, when the request names none
 */
export function companyOf(context: ModuleContext, refuse: () => Error): string {
  if (context.company === undefined) throw refuse();
  return context.company;
}

/**
 * What was found.
 * @throws what `refuse` makes, when nothing was
 */
export function found<Value>(value: Value | undefined, refuse: () => Error): Value {
  if (value === undefined) throw refuse();
  return value;
}
