/** Who appears in the demo. Everything here is public: these accounts exist in demo databases alone. */

/** The one password of every demo account. */
export const demoPassword = 'lantern-quarry-mosaic-58';

export type Person = { readonly email: string; readonly name: string };

export type Part = Person & {
  readonly moduleRoles: readonly string[];
  /** Names of the companies the person is limited to; absent: all. */
  readonly companies?: readonly string[];
};

/** A tenant as the demo's module describes it; what else it says of its companies is the module's own. */
export type PlannedTenant<Company extends { name: string } = { name: string }> = {
  readonly name: string;
  readonly kind: string;
  readonly companies: readonly [Company, Company];
};

export type CastTenant = {
  readonly name: string;
  /** What a visitor should know of it. */
  readonly kind: string;
  readonly companies: readonly [string, string];
  readonly owner: Person;
  /** Members of this tenant alone. */
  readonly members: readonly Part[];
  /** Whether the advisor works for it. */
  readonly advised: boolean;
};

/** Somebody who works for the first two tenants. */
export const advisor: Part = {
  email: 'advisor@ledgerline.example',
  name: 'Robin Vale',
  moduleRoles: ['books:accountant'],
};

const names = [
  ['Olive Marsh', 'Amir Sand', 'Carla Reed', 'Victor Quay'],
  ['Ottilie Berg', 'Anselm Frost', 'Cora Lind', 'Vera Sol'],
  ['Oscar Alder', 'Anna Birch', 'Colin Hazel', 'Viola Elm'],
] as const;

/** `Blåfjell Advisory` lives at `blafjell.example`. */
function domainOf(tenant: string): string {
  const [first = 'demo'] = tenant
    .normalize('NFKD')
    .replaceAll(/[^\w ]/g, '')
    .toLowerCase()
    .split(' ');
  return `${first}.example`;
}

/** Gives each tenant an owner, an accountant, a clerk for its first company alone, and a viewer. */
export function castDemo(plans: readonly PlannedTenant[]): CastTenant[] {
  return plans.map(({ name, kind, companies: [first, second] }, index) => {
    const [owner, accountant, clerk, viewer] = names[index % names.length] ?? names[0];
    const domain = domainOf(name);
    const part = (role: string, person: string): Part => ({
      email: `${role}@${domain}`,
      name: person,
      moduleRoles: [`books:${role}`],
    });
    return {
      name,
      kind,
      companies: [first.name, second.name],
      owner: { email: `owner@${domain}`, name: owner },
      members: [
        part('accountant', accountant),
        { ...part('clerk', clerk), companies: [first.name] },
        part('viewer', viewer),
      ],
      advised: index < 2,
    };
  });
}

/** A line of the list of sign-ins. */
export type SignIn = { readonly email: string; readonly password: string; readonly is: string };

export type TenantSignIns = {
  readonly tenant: string;
  readonly kind: string;
  readonly companies: readonly string[];
  readonly signIns: readonly SignIn[];
};

function describe({ moduleRoles, companies }: Part): string {
  const role = moduleRoles.map((name) => name.slice(name.indexOf(':') + 1)).join(', ');
  return companies === undefined ? role : `${role}, ${companies.join(', ')} only`;
}

/** Every sign-in, tenant by tenant. */
export function listSignIns(cast: readonly CastTenant[]): TenantSignIns[] {
  const password = demoPassword;
  return cast.map(({ name, kind, companies, owner, members, advised }) => ({
    tenant: name,
    kind,
    companies,
    signIns: [
      { email: owner.email, password, is: 'owner' },
      ...members.map((member) => ({ email: member.email, password, is: describe(member) })),
      ...(advised ? [{ email: advisor.email, password, is: 'accountant in two tenants' }] : []),
    ],
  }));
}
