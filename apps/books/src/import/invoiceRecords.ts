import type { ImportError } from '../contract/index.ts';
import * as value from '../contract/value.ts';
import { parseDecimal } from '../money/decimal.ts';
import { RecordReader, schemaForm, type Form } from './field.ts';
import type { Columns, CsvFile, CsvRecord } from './records.ts';

export const invoiceFileColumns: Columns = {
  required: ['reference', 'customer_code', 'issued_on', 'due_on', 'description', 'quantity', 'unit_price'],
  optional: ['tax_rate', 'currency', 'account_code'],
};

/** A line of an invoice as read; amounts are plain decimals. */
export type LineRecord = {
  line: number;
  description: string;
  quantity: string;
  unitPrice: string;
  taxRate: string;
  accountCode: string | null;
};

/** An invoice gathered from the records with its reference. */
export type InvoiceRecord = {
  reference: string;
  customerCode: string;
  issuedOn: string;
  dueOn: string;
  currency: string | null;
  lines: LineRecord[];
};

type Head = Omit<InvoiceRecord, 'lines'>;

const linesPerInvoice = 200;

const decimal = (
  form: { integerDigits: number; scale: number; comma: boolean },
  fits: RegExp,
  message: string,
): Form<string> => ({
  read: (cell) => {
    const plain = parseDecimal(cell, form);
    return plain !== undefined && fits.test(plain) ? plain : undefined;
  },
  message,
});

const dayForm = schemaForm(
  value.date.refine((day) => day >= '1970-01-01' && day <= '2199-12-31'),
  'Not a day from 1970 to 2199 in the form YYYY-MM-DD.',
);

function formsOf(comma: boolean) {
  return {
    reference: schemaForm(value.line(100), 'One line of at most 100 characters.'),
    customerCode: schemaForm(value.code, 'Letters, digits and . _ / - only, at most 32 characters.'),
    day: dayForm,
    description: schemaForm(value.line(500), 'One line of at most 500 characters.'),
    quantity: decimal(
      { integerDigits: 8, scale: 4, comma },
      /[1-9]/,
      'Not a number above zero with at most 8 digits and 4 decimals; write no thousands separators.',
    ),
    unitPrice: decimal(
      { integerDigits: 14, scale: 4, comma },
      /^/,
      'Not an amount of zero or more with at most 14 digits and 4 decimals; write no sign and no thousands separators.',
    ),
    taxRate: decimal(
      { integerDigits: 3, scale: 2, comma },
      /^(100(\.0+)?|\d{1,2}(\.\d+)?)$/,
      'Not a percentage from 0 to 100.',
    ),
    currency: schemaForm(value.currencyCode, 'Not an ISO 4217 code.'),
    accountCode: schemaForm(value.code, 'Not the code of a ledger account.'),
  };
}

type Forms = ReturnType<typeof formsOf>;

/** Gathers records into invoices; an invoice with a bad record is left out whole. */
export function readInvoices({ records, delimiter }: CsvFile): {
  good: InvoiceRecord[];
  problems: ImportError[];
} {
  const forms = formsOf(delimiter === ';');
  const invoices = new Map<string, InvoiceRecord>();
  const bad = new Set<string>();
  const problems: ImportError[] = [];
  for (const record of records) {
    const reader = new RecordReader(record);
    const head = readHead(reader, forms);
    const line = readLine(reader, record, forms);
    if (head !== undefined) add(reader, { head, line, invoices });
    // Named by the cell, because a bad record still spoils the invoice it belongs to.
    if (reader.problems.length > 0) bad.add(record.cells?.['reference'] ?? '');
    problems.push(...reader.problems);
  }
  return { good: [...invoices.values()].filter(({ reference }) => !bad.has(reference)), problems };
}

function readHead(reader: RecordReader, forms: Forms): Head | undefined {
  const reference = reader.required('reference', forms.reference);
  const customerCode = reader.required('customer_code', forms.customerCode);
  const issuedOn = reader.required('issued_on', forms.day);
  const dueOn = reader.required('due_on', forms.day);
  const currency = reader.optional('currency', forms.currency);
  if (reference === undefined || customerCode === undefined || issuedOn === undefined || dueOn === undefined)
    return undefined;
  if (dueOn < issuedOn)
    reader.refuse('due_on', 'due_before_issue', 'An invoice is not due before its date of issue.');
  return { reference, customerCode, issuedOn, dueOn, currency };
}

function readLine(reader: RecordReader, { line }: CsvRecord, forms: Forms): LineRecord {
  return {
    line,
    description: reader.required('description', forms.description) ?? '',
    quantity: reader.required('quantity', forms.quantity) ?? '0',
    unitPrice: reader.required('unit_price', forms.unitPrice) ?? '0',
    taxRate: reader.optional('tax_rate', forms.taxRate) ?? '0',
    accountCode: reader.optional('account_code', forms.accountCode),
  };
}

type Addition = { head: Head; line: LineRecord; invoices: Map<string, InvoiceRecord> };

function add(reader: RecordReader, { head, line, invoices }: Addition): void {
  const invoice = invoices.get(head.reference);
  if (invoice === undefined) {
    invoices.set(head.reference, { ...head, lines: [line] });
    return;
  }
  const columns = {
    customer_code: 'customerCode',
    issued_on: 'issuedOn',
    due_on: 'dueOn',
    currency: 'currency',
  } as const;
  for (const [column, field] of Object.entries(columns)) {
    if (invoice[field] !== head[field]) {
      reader.refuse(
        column,
        'differs_in_invoice',
        `Line ${invoice.lines[0]?.line} of the same invoice says otherwise.`,
      );
    }
  }
  if (invoice.lines.length === linesPerInvoice) {
    reader.refuse('reference', 'too_many_lines', `An invoice has at most ${linesPerInvoice} lines.`);
    return;
  }
  invoice.lines.push(line);
}
