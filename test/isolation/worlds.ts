import type { Actor, Context, ContextSealer } from '../../packages/kernel/src/context.ts';

/** One tenant, one company of it and one account: where a row can belong. */
export type World = { name: string; tenant: string; company: string; account: string };

const id = (digit: string, n: number): string => `${digit.repeat(8)}-0000-4000-8000-00000000000${n}`;

/** The attacker acts in `own`. The others are its neighbours: two in its tenant, one in another. */
export const worlds = {
  own: { name: 'own', tenant: id('a', 1), company: id('a', 2), account: id('a', 3) },
  otherCompany: { name: 'otherCompany', tenant: id('a', 1), company: id('a', 4), account: id('a', 3) },
  otherAccount: { name: 'otherAccount', tenant: id('a', 1), company: id('a', 2), account: id('a', 5) },
  otherTenant: { name: 'otherTenant', tenant: id('b', 1), company: id('b', 2), account: id('b', 3) },
} as const satisfies Record<string, World>;

export type WorldName = keyof typeof worlds;

export const allWorlds: readonly World[] = Object.values(worlds);

export type ContextName =
  | 'own'
  | 'allCompanies'
  | 'none'
  | 'empty'
  | 'forged'
  | 'foreignSeal'
  | 'truncated'
  | 'garbage'
  | 'otherVersion'
  | 'expired';

/** Contexts that Postgres must refuse with 42501 as soon as it reads them. */
export const refusedContexts: readonly ContextName[] = [
  'forged',
  'foreignSeal',
  'truncated',
  'garbage',
  'otherVersion',
  'expired',
];

export type Sealers = {
  sealer: ContextSealer;
  /** the payload with its MAC, under the key of `sealer`, whatever the payload says */
  sign: (payload: string) => string;
  /** same key, clock an hour ago */
  past: ContextSealer;
  /** same key id, another secret */
  foreign: ContextSealer;
};

const actor: Actor = { kind: 'account', id: worlds.own.account };
const own: Context = { tenant: worlds.own.tenant, company: worlds.own.company, actor };

/** What to send as `bulkhead.context`; undefined means not to send it at all. */
export function contextToken(
  name: ContextName,
  { sealer, sign, past, foreign }: Sealers,
): string | undefined {
  const token = sealer.seal(own);
  switch (name) {
    case 'own':
      return token;
    case 'allCompanies':
      return sealer.seal({ tenant: own.tenant, actor });
    case 'none':
      return undefined;
    case 'empty':
      return '';
    case 'forged':
      return token.replace(worlds.own.company, worlds.otherCompany.company);
    case 'foreignSeal':
      return foreign.seal(own);
    case 'truncated':
      return token.slice(0, -1);
    case 'garbage':
      return token.slice(0, 30);
    case 'otherVersion':
      return sign(token.slice(0, -65).replace('bh1.', 'bh2.'));
    case 'expired':
      return past.seal(own);
  }
}

/** Whether a row of `world` is in sight of a context of the own world. */
export function inSight(world: World, scope: string, context: ContextName): boolean {
  if (context !== 'own' && context !== 'allCompanies') return false;
  if (world.tenant !== worlds.own.tenant) return false;
  if (scope === 'company') return context === 'allCompanies' || world.company === worlds.own.company;
  if (scope === 'user') return world.account === worlds.own.account;
  return true;
}
