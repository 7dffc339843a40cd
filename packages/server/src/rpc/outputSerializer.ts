import { StandardOpenAPIJsonSerializer } from '@orpc/openapi-client/standard';

type Serialize = StandardOpenAPIJsonSerializer['serialize'];

/**
 * oRPC copies an output into its JSON form before it is written as text. Nearly every output has that form already:
 * looking costs a fraction of copying.
 */
export class OutputSerializer extends StandardOpenAPIJsonSerializer {
  override serialize(...[data, hasBlob]: Parameters<Serialize>): ReturnType<Serialize> {
    return hasBlob === undefined && isPlain(data) ? [data, false] : super.serialize(data, hasBlob);
  }
}

/** Whether `JSON.stringify` writes it as oRPC's own serialiser would. */
function isPlain(data: unknown): boolean {
  switch (typeof data) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'undefined':
      return true;
    case 'object':
      return data === null || isPlainObject(data);
    default:
      return false;
  }
}

function isPlainObject(data: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(data);
  if (prototype === Date.prototype) return true;
  if (prototype === Array.prototype) return (data as unknown[]).every(isPlain);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key in data) {
    // oRPC leaves out a function of the one name, and copies the other into nothing.
    if (key === 'toJSON' || key === '__proto__' || !isPlain((data as Record<string, unknown>)[key]))
      return false;
  }
  return true;
}
