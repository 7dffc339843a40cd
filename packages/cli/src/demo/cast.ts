/** Who appears in the demo. Everything here is public: these accounts exist in demo databases alone. */

/** The one password of every demo account. */
export const demoPassword = 'lantern-quarry-mosaic-58';

export type Person = { readonly email: string; readonly name: string };

export type Part = Person & {
  readonly moduleRoles: readonly string[];
  /** Names of the companies the person is limited to; absent: all. */
  readonly companies?: readonly string[];
};

export type DemoTenant = {
  readonly name: string;
  /** What a visitor should know of it. */
  readonly about: string;
  /** Which books to generate; a module that knows no such kind chooses its own. */
  readonly kind: string;
  readonly companies: readonly [string, string];
  readonly owner: Person;
  readonly members: readonly Part[];
};

function tenant(
  about: Pick<DemoTenant, 'name' | 'about' | 'kind' | 'companies'>,
  domain: string,
  names: readonly [owner: string, accountant: string, clerk: string, viewer: string],
): DemoTenant {
  const [owner, accountant, clerk, viewer] = names;
  const part = (role: string, name: string): Part => ({
    email: `${role}@${domain}`,
    name,
    moduleRoles: [`books:${role}`],
  });
  return {
    ...about,
    owner: { email: `owner@${domain}`, name: owner },
    members: [
      part('accountant', accountant),
      { ...part('clerk', clerk), companies: [about.companies[0]] },
      part('viewer', viewer),
    ],
  };
}

/** An accountant who works for two of the tenants. */
export const advisor: Part = {
  email: 'advisor@ledgerline.example',
  name: 'Robin Vale',
  moduleRoles: ['books:accountant'],
};

/** The tenants the advisor works for, by name. */
export const advised: readonly string[] = ['Harbour Bakery Group', 'Northlight Studio'];

export const demoTenants: readonly DemoTenant[] = [
  tenant(
    {
      name: 'Harbour Bakery Group',
      about: 'two legal entities that sell goods',
      kind: 'trade',
      companies: ['Harbour Bakery Ltd', 'Harbour Wholesale Ltd'],
    },
    'harbour.example',
    ['Olive Marsh', 'Amir Sand', 'Carla Reed', 'Victor Quay'],
  ),
  tenant(
    {
      name: 'Northlight Studio',
      about: 'an agency with a book for each client brand',
      kind: 'agency',
      companies: ['Fernway Outdoor', 'Juniper Hotels'],
    },
    'northlight.example',
    ['Ottilie Berg', 'Anselm Frost', 'Cora Lind', 'Vera Sol'],
  ),
  tenant(
    {
      name: 'Alder Care Cooperative',
      about: 'two clinics that bill insurers',
      kind: 'clinic',
      companies: ['Alder Clinic North', 'Alder Clinic South'],
    },
    'alder.example',
    ['Oscar Alder', 'Anna Birch', 'Colin Hazel', 'Viola Elm'],
  ),
];

/** A line of the list of sign-ins. */
export type SignIn = { readonly email: string; readonly password: string; readonly is: string };

function describe({ moduleRoles, companies }: Part): string {
  const role = moduleRoles.map((name) => name.slice(name.indexOf(':') + 1)).join(', ');
  return companies === undefined ? role : `${role}, ${companies.join(', ')} only`;
}

/** Every sign-in, tenant by tenant. */
export function listSignIns(): {
  readonly tenant: string;
  readonly about: string;
  readonly signIns: SignIn[];
}[] {
  const password = demoPassword;
  return demoTenants.map(({ name, about, owner, members }) => ({
    tenant: name,
    about,
    signIns: [
      { email: owner.email, password, is: 'owner' },
      ...members.map((member) => ({ email: member.email, password, is: describe(member) })),
      ...(advised.includes(name)
        ? [{ email: advisor.email, password, is: 'accountant in two tenants' }]
        : []),
    ],
  }));
}
