/** What a demo company sells. `unitPrice` in whole units of its currency; `account` is an income account of the standard chart. */
export type Product = { description: string; unitPrice: number; account: '4000' | '4100' };

/** A cost of every month. `share` is percent of the month's turnover; `account` an expense account. */
export type Cost = { memo: string; account: string; share: number; taxed: boolean };

/** One demo company and how its books look. */
export type DemoCompany = {
  name: string;
  currency: string;
  timeZone: string;
  fiscalYearStartMonth: number;
  /** Standard rate of sales tax, percent. */
  taxRate: number;
  /** Whole units of the currency a month. */
  turnover: number;
  invoicesPerMonth: number;
  city: string;
  country: string;
  products: readonly Product[];
  costs: readonly Cost[];
};

export type DemoTenant = { name: string; kind: string; companies: readonly [DemoCompany, DemoCompany] };

const office: readonly Cost[] = [
  { memo: 'Rent', account: '6100', share: 5, taxed: false },
  { memo: 'Software subscriptions', account: '6200', share: 2, taxed: true },
  { memo: 'Office supplies', account: '6500', share: 1, taxed: true },
  { memo: 'Bank charges', account: '6900', share: 0.2, taxed: false },
];
const salaries = (share: number): Cost => ({ memo: 'Salaries', account: '6000', share, taxed: false });
const goods = (memo: string, share: number): Cost => ({ memo, account: '5000', share, taxed: true });

const germany = {
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  fiscalYearStartMonth: 1,
  taxRate: 19,
  country: 'DE',
};

const agency: DemoTenant = {
  name: 'Lindenhof Accounting',
  kind: 'accounting agency with client companies',
  companies: [
    {
      ...germany,
      name: 'Sonnenkorn Bakery GmbH',
      taxRate: 7,
      turnover: 48_000,
      invoicesPerMonth: 12,
      city: 'Leipzig',
      products: [
        { description: 'Rye bread, crate of 20', unitPrice: 64, account: '4000' },
        { description: 'Rolls, crate of 100', unitPrice: 38, account: '4000' },
        { description: 'Catering, per event', unitPrice: 740, account: '4100' },
      ],
      costs: [goods('Flour and ingredients', 31), salaries(38), ...office],
    },
    {
      ...germany,
      name: 'Kettenblatt Bicycles UG',
      turnover: 36_000,
      invoicesPerMonth: 10,
      city: 'Bremen',
      products: [
        { description: 'Cargo bicycle', unitPrice: 4_290, account: '4000' },
        { description: 'City bicycle', unitPrice: 1_180, account: '4000' },
        { description: 'Workshop hour', unitPrice: 72, account: '4100' },
      ],
      costs: [goods('Frames and parts', 44), salaries(27), ...office],
    },
  ],
};

const manufacturer: DemoTenant = {
  name: 'Hartwig Precision Group',
  kind: 'manufacturer with two legal entities',
  companies: [
    {
      ...germany,
      name: 'Hartwig Precision GmbH',
      turnover: 410_000,
      invoicesPerMonth: 14,
      city: 'Stuttgart',
      products: [
        { description: 'Spindle bearing HP-40', unitPrice: 386, account: '4000' },
        { description: 'Linear guide, metre', unitPrice: 142, account: '4000' },
        { description: 'Calibration on site, day', unitPrice: 1_450, account: '4100' },
      ],
      costs: [
        goods('Steel and components', 39),
        salaries(34),
        { memo: 'Trade fair', account: '6400', share: 2, taxed: true },
        ...office,
      ],
    },
    {
      name: 'Hartwig Precision Inc.',
      currency: 'USD',
      timeZone: 'America/Chicago',
      fiscalYearStartMonth: 7,
      taxRate: 0,
      turnover: 265_000,
      invoicesPerMonth: 11,
      city: 'Milwaukee',
      country: 'US',
      products: [
        { description: 'Spindle bearing HP-40', unitPrice: 455, account: '4000' },
        { description: 'Spare parts kit', unitPrice: 1_280, account: '4000' },
        { description: 'Service contract, month', unitPrice: 2_100, account: '4100' },
      ],
      costs: [
        goods('Goods from group', 48),
        salaries(26),
        { memo: 'Travel', account: '6300', share: 3, taxed: false },
        ...office,
      ],
    },
  ],
};

const consultancy: DemoTenant = {
  name: 'Blåfjell Advisory',
  kind: 'consultancy',
  companies: [
    {
      name: 'Blåfjell Advisory AS',
      currency: 'NOK',
      timeZone: 'Europe/Oslo',
      fiscalYearStartMonth: 1,
      taxRate: 25,
      turnover: 1_900_000,
      invoicesPerMonth: 9,
      city: 'Bergen',
      country: 'NO',
      products: [
        { description: 'Senior consultant, day', unitPrice: 14_800, account: '4100' },
        { description: 'Consultant, day', unitPrice: 10_600, account: '4100' },
        { description: 'Workshop, fixed price', unitPrice: 48_000, account: '4100' },
      ],
      costs: [salaries(61), { memo: 'Travel', account: '6300', share: 6, taxed: true }, ...office],
    },
    {
      name: 'Blåfjell Advisory Ltd',
      currency: 'GBP',
      timeZone: 'Europe/London',
      fiscalYearStartMonth: 4,
      taxRate: 20,
      turnover: 120_000,
      invoicesPerMonth: 8,
      city: 'Leeds',
      country: 'GB',
      products: [
        { description: 'Senior consultant, day', unitPrice: 1_150, account: '4100' },
        { description: 'Consultant, day', unitPrice: 820, account: '4100' },
        { description: 'Licence resale', unitPrice: 340, account: '4000' },
      ],
      costs: [salaries(57), { memo: 'Subcontractors', account: '6600', share: 12, taxed: true }, ...office],
    },
  ],
};

/** The demo's tenants, for whoever creates them before `seedBooks` fills each company. */
export const demoTenants: readonly DemoTenant[] = [agency, manufacturer, consultancy];
