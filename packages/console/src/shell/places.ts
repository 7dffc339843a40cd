/** The places of the console in the order of the navigation, each with its shortcut and the permission it needs. */
export const places = [
  { group: 'Books', to: '/', label: 'Overview', key: 'o', permission: 'books:profile.read' },
  { group: 'Books', to: '/invoices', label: 'Invoices', key: 'i', permission: 'books:invoice.read' },
  { group: 'Books', to: '/customers', label: 'Customers', key: 'c', permission: 'books:customer.read' },
  { group: 'Books', to: '/journal', label: 'Journal', key: 'j', permission: 'books:journal.read' },
  { group: 'Books', to: '/periods', label: 'Periods', key: 'p', permission: 'books:period.read' },
  { group: 'Books', to: '/reports', label: 'Reports', key: 'r', permission: 'books:report.read' },
  { group: 'Books', to: '/import', label: 'Import', key: 'u', permission: 'books:import.run' },
  { group: 'Organisation', to: '/members', label: 'Members', key: 'm', permission: 'access:member.read' },
  {
    group: 'Organisation',
    to: '/api-keys',
    label: 'API keys',
    key: 'k',
    permission: 'access:api-key.read',
  },
  {
    group: 'Organisation',
    to: '/webhooks',
    label: 'Webhooks',
    key: 'w',
    permission: 'webhooks:endpoint.read',
  },
  {
    group: 'Organisation',
    to: '/incoming-webhooks',
    label: 'Incoming webhooks',
    key: 'h',
    permission: 'webhooks:source.read',
  },
  {
    group: 'Organisation',
    to: '/single-sign-on',
    label: 'Single sign-on',
    key: 'd',
    permission: 'access:connection.read',
  },
  { group: 'Organisation', to: '/audit', label: 'Audit', key: 'a', permission: 'audit:entry.read' },
  {
    group: 'Organisation',
    to: '/isolation',
    label: 'Isolation',
    key: 's',
    permission: 'tenants:tenant.read',
  },
  { group: 'Organisation', to: '/usage', label: 'Usage', key: 'g', permission: 'tenants:usage.read' },
  {
    group: 'Organisation',
    to: '/billing',
    label: 'Billing',
    key: 'b',
    permission: 'billing:subscription.read',
  },
  { group: 'Organisation', to: '/lab', label: 'Lab', key: 'l', permission: 'lab:attempt.run' },
] as const;

export type Place = (typeof places)[number];
