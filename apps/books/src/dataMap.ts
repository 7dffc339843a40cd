/** A column that holds personal data: whose, why, and what erasing that person means there. */
export type DataMapEntry = {
  column: string;
  subject: 'customer' | 'member';
  purpose: string;
  erasure: { kind: 'anonymise' } | { kind: 'retain'; basis: string };
};

const kept = {
  kind: 'retain',
  basis: 'Accounting records are kept for the statutory period (GDPR article 17(3)(b))',
} as const;

/** Personal data in schema books. A customer may be a sole trader, so that every field of one counts. */
export const dataMap: readonly DataMapEntry[] = [
  ...['name', 'email', 'phone', 'tax_id', 'street', 'postal_code', 'city'].map((column): DataMapEntry => ({
    column: `books.customer.${column}`,
    subject: 'customer',
    purpose: 'Invoicing',
    erasure: { kind: 'anonymise' },
  })),
  ...['customer_name', 'customer_address', 'customer_tax_id'].map((column): DataMapEntry => ({
    column: `books.invoice.${column}`,
    subject: 'customer',
    purpose: 'Part of the invoice as issued',
    erasure: kept,
  })),
  { column: 'books.journal_entry.memo', subject: 'customer', purpose: 'Names the invoice', erasure: kept },
  {
    column: 'books.sign_off.signed_by',
    subject: 'member',
    purpose: 'Who answers for the books',
    erasure: kept,
  },
];
