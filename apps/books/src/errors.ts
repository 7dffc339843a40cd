import type { ModuleError } from '@bulkhead/server/module';

const conflict = (code: string, message: string): ModuleError => ({ status: 409, code, message });
const invalid = (code: string, message: string): ModuleError => ({ status: 422, code, message });

/** How each constraint and rule of schema books is answered, by its name. */
export const errors: Readonly<Record<string, ModuleError>> = {
  books_not_open: conflict('books_not_open', 'The books of this company are not open. Open them first.'),
  company_profile_company_unique: conflict('books_open', 'The books of this company are open already.'),
  company_profile_currency_fkey: invalid('currency_unknown', 'There is no such currency in ISO 4217.'),
  company_profile_time_zone_known: invalid('time_zone_unknown', 'There is no such time zone.'),
  currency_mismatch: invalid('currency_mismatch', 'This company keeps its books in another currency.'),

  customer_code_unique: conflict('customer_code_taken', 'Another customer has this code.'),
  customer_has_drafts: conflict(
    'customer_has_drafts',
    'The customer has drafts. Submit or remove them first.',
  ),
  invoice_customer_fkey: conflict('customer_missing', 'There is no such customer.'),

  invoice_not_draft: conflict('invoice_not_draft', 'The invoice is no draft any more and cannot change.'),
  invoice_starts_as_draft: conflict('invoice_transition', 'An invoice starts as a draft.'),
  invoice_transition: conflict(
    'invoice_transition',
    'An invoice goes from draft to submitted to cancelled only.',
  ),
  invoice_has_lines: invalid('invoice_empty', 'An invoice without lines cannot be submitted.'),
  invoice_total_positive: invalid('invoice_empty', 'An invoice over nothing cannot be submitted.'),
  invoice_reference_unique: conflict('reference_taken', 'Another invoice has this reference.'),
  invoice_due_on_after_issue: invalid('due_before_issue', 'An invoice is not due before its date of issue.'),
  invoice_date_range: invalid('date_out_of_range', 'Dates lie between 1970 and 2199.'),
  invoice_cancelled_after_issue: invalid(
    'cancelled_before_issue',
    'An invoice is not cancelled before its issue.',
  ),
  invoice_line_invoice_fkey: conflict('invoice_missing', 'There is no such invoice.'),
  invoice_line_ledger_account_fkey: conflict('ledger_account_missing', 'There is no such ledger account.'),
  invoice_line_income_account: invalid('ledger_account_unfit', 'An invoice line needs an income account.'),
  invoice_line_quantity_positive: invalid('quantity_invalid', 'A quantity is above zero.'),
  invoice_line_unit_price_not_negative: invalid('amount_invalid', 'A price is not negative.'),
  amount_too_large: invalid('amount_too_large', 'The amount is too large.'),
  amount_minor_units: invalid('amount_invalid', 'The amount has more decimals than the currency.'),

  period_closed: conflict(
    'period_closed',
    'The period is signed off: nothing is posted on or before its end.',
  ),
  before_books_start: conflict('before_books_start', 'The books of this company start later.'),
  date_out_of_range: invalid('date_out_of_range', 'Dates lie between 1970 and 2199.'),
  period_already_signed_off: conflict('period_signed_off', 'The period is signed off already.'),
  sign_off_period_unique: conflict('period_signed_off', 'The period is signed off already.'),
  sign_off_period_fkey: conflict('period_missing', 'There is no such period.'),
  period_not_over: conflict('period_not_over', 'The period is not over yet.'),

  entry_unbalanced: invalid('entry_unbalanced', 'Debits and credits of an entry must balance.'),
  posting_one_side: invalid('amount_invalid', 'A posting has either a debit or a credit, above zero.'),
  posting_names_customer: invalid(
    'customer_misplaced',
    'A posting names a customer exactly when it is to the receivable account.',
  ),
  posting_customer_fkey: conflict('customer_missing', 'There is no such customer.'),
  posting_ledger_account_fkey: conflict('ledger_account_missing', 'There is no such ledger account.'),
  posting_entry_fkey: conflict('entry_missing', 'There is no such journal entry.'),
  journal_entry_reverses_fkey: conflict('entry_missing', 'There is no such journal entry.'),
  journal_append_only: conflict('entry_posted', 'Posted entries never change. Reverse the entry.'),
  journal_entry_reverses_unique: conflict('entry_reversed', 'The entry is reversed already.'),
  entry_of_invoice: conflict('entry_of_invoice', 'Cancel the invoice to reverse its entry.'),
  reversal_of_reversal: conflict('entry_is_reversal', 'A reversal is not reversed. Post the entry anew.'),
  reversal_before_original: invalid('reversal_too_early', 'A reversal is not dated before its entry.'),

  ledger_account_code_unique: conflict('ledger_account_code_taken', 'Another ledger account has this code.'),
  ledger_account_in_use: conflict('ledger_account_in_use', 'The ledger account is in use.'),
};
