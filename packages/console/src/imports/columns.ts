/** What can be imported, with the columns of each file; those in brackets may be left out. */
export const importKinds = [
  {
    value: 'customers',
    label: 'Customers',
    columns: 'code, name [, email, phone, tax_id, street, postal_code, city, country]',
  },
  {
    value: 'invoices',
    label: 'Invoices, as drafts',
    columns:
      'reference, customer_code, issued_on, due_on, description, quantity, unit_price [, tax_rate, currency, account_code]',
  },
] as const;

export type ImportKind = (typeof importKinds)[number]['value'];
