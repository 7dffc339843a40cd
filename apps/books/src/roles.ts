import type { ModuleRole } from '@bulkhead/server/module';

/** Permission -> what it allows. */
export const permissions = {
  'books:profile.read': 'See how a company keeps its books',
  'books:profile.open': 'Open the books of a company and change its names and time zone',
  'books:ledger-account.read': 'See the chart of accounts',
  'books:ledger-account.change': 'Add, rename and remove ledger accounts',
  'books:customer.read': 'See and export customers and their balances',
  'books:customer.change': 'Add, change and remove customers',
  'books:invoice.read': 'See invoices',
  'books:invoice.draft': 'Create, change and remove drafts',
  'books:invoice.submit': 'Submit drafts',
  'books:invoice.cancel': 'Cancel submitted invoices',
  'books:journal.read': 'See the journal',
  'books:journal.post': 'Post and reverse manual entries',
  'books:period.read': 'See fiscal periods',
  'books:period.open': 'Open the periods of a fiscal year',
  'books:period.sign-off': 'Sign periods off, which cannot be undone',
  'books:report.read': 'See trial balance, profit and loss, balance sheet',
  'books:import.run': 'Import customers and draft invoices',
} as const;

export type Permission = keyof typeof permissions;

const viewer: Permission[] = [
  'books:profile.read',
  'books:ledger-account.read',
  'books:customer.read',
  'books:invoice.read',
  'books:journal.read',
  'books:period.read',
  'books:report.read',
];

const clerk: Permission[] = [
  'books:profile.read',
  'books:ledger-account.read',
  'books:customer.read',
  'books:customer.change',
  'books:invoice.read',
  'books:invoice.draft',
  'books:period.read',
  'books:import.run',
];

/**
 * | role | may |
 * |---|---|
 * | books:accountant | everything |
 * | books:clerk | customers, drafts and imports; neither submits nor sees the journal |
 * | books:viewer | read everything, change nothing |
 */
export const roles = {
  'books:accountant': {
    description: 'Keeps the books: submits, cancels, posts, signs off',
    permissions: Object.keys(permissions),
  },
  'books:clerk': { description: 'Prepares customers and drafts', permissions: clerk },
  'books:viewer': { description: 'Reads the books', permissions: viewer },
} satisfies Record<string, ModuleRole>;
