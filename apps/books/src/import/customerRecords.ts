import { newCustomer } from '../contract/customer.ts';
import type { ImportError, NewCustomer } from '../contract/index.ts';
import { RecordReader, schemaForm } from './field.ts';
import type { Columns, CsvRecord } from './records.ts';

export const customerFileColumns: Columns = {
  required: ['code', 'name'],
  optional: ['email', 'phone', 'tax_id', 'street', 'postal_code', 'city', 'country'],
};

/** A good record on its way into the database. */
export type CustomerRecord = { line: number; customer: NewCustomer };

const { shape } = newCustomer;
const forms = {
  code: schemaForm(shape.code, 'Letters, digits and . _ / - only, at most 32 characters.'),
  name: schemaForm(shape.name, 'One line of at most 200 characters.'),
  email: schemaForm(shape.email, 'Not an email address.'),
  phone: schemaForm(shape.phone, 'One line of at most 40 characters.'),
  tax_id: schemaForm(shape.taxId, 'One line of at most 40 characters.'),
  street: schemaForm(shape.street, 'One line of at most 200 characters.'),
  postal_code: schemaForm(shape.postalCode, 'One line of at most 20 characters.'),
  city: schemaForm(shape.city, 'One line of at most 100 characters.'),
  country: schemaForm(shape.country, 'Two capital letters (ISO 3166-1).'),
};

/** Judges each record by itself and against those before it. */
export function readCustomers(records: readonly CsvRecord[]): {
  good: CustomerRecord[];
  problems: ImportError[];
} {
  const good: CustomerRecord[] = [];
  const problems: ImportError[] = [];
  const firstLine = new Map<string, number>();
  for (const record of records) {
    const reader = new RecordReader(record);
    const customer = readCustomer(reader);
    const before = customer === undefined ? undefined : firstLine.get(customer.code);
    if (customer !== undefined && before !== undefined) {
      reader.refuse('code', 'duplicate_in_file', `Line ${before} has the same code.`);
    }
    if (customer !== undefined && before === undefined) {
      firstLine.set(customer.code, record.line);
      good.push({ line: record.line, customer });
    }
    problems.push(...reader.problems);
  }
  return { good, problems };
}

function readCustomer(reader: RecordReader): NewCustomer | undefined {
  const code = reader.required('code', forms.code);
  const name = reader.required('name', forms.name);
  const rest = {
    email: reader.optional('email', forms.email),
    phone: reader.optional('phone', forms.phone),
    taxId: reader.optional('tax_id', forms.tax_id),
    street: reader.optional('street', forms.street),
    postalCode: reader.optional('postal_code', forms.postal_code),
    city: reader.optional('city', forms.city),
    country: reader.optional('country', forms.country),
  };
  if (code === undefined || name === undefined || reader.problems.length > 0) return undefined;
  return { code, name, ...rest };
}
