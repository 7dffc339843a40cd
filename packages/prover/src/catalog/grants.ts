import type { Grant } from './types.ts';

/** Privilege letters of an ACL entry: table "ACL Privilege Abbreviations" of Postgres' manual, section 5.8. */
const letters: Readonly<Record<string, string>> = {
  r: 'select',
  a: 'insert',
  w: 'update',
  d: 'delete',
  D: 'truncate',
  x: 'references',
  t: 'trigger',
  X: 'execute',
  U: 'usage',
  C: 'create',
  c: 'connect',
  T: 'temporary',
  s: 'set',
  A: 'alter system',
  m: 'maintain',
};

const read = new Map<string, Grant[]>();
const limit = 50_000;

/** Reads ACL entries as Postgres prints them, `grantee=privileges/grantor`. Equal entries share their (frozen) result. */
export function grantsOf(acl: readonly string[] | null): Grant[] {
  if (acl === null) return [];
  const first = acl.length === 1 ? acl[0] : undefined;
  if (first !== undefined) return grantsOfEntry(first);
  return acl.flatMap(grantsOfEntry);
}

function grantsOfEntry(entry: string): Grant[] {
  const known = read.get(entry);
  if (known !== undefined) return known;
  const { name, rest } = granteeOf(entry);
  const grants: Grant[] = [];
  // The grantor's name may itself hold a slash; the privileges never do.
  for (const letter of rest.split('/', 1)[0] ?? '') {
    const last = grants.at(-1);
    if (letter === '*' && last !== undefined) last.grantable = true;
    else grants.push({ grantee: name, privilege: letters[letter] ?? letter, grantable: false });
  }
  if (read.size < limit) read.set(entry, grants);
  return grants;
}

function granteeOf(entry: string): { name: string; rest: string } {
  if (!entry.startsWith('"')) {
    const at = entry.indexOf('=');
    return { name: entry.slice(0, at) || 'public', rest: entry.slice(at + 1) };
  }
  const quoted = /^"((?:[^"]|"")*)"=/.exec(entry);
  const name = quoted?.[1] ?? '';
  return { name: name.replaceAll('""', '"'), rest: entry.slice((quoted?.[0] ?? '').length) };
}
