import { signUpByMail } from '../../../test/harness/people.ts';
import type { Client } from '../src/client/api.ts';
import type { Scope } from '../src/client/scope.ts';
import { openCaller } from './caller.ts';

/** Somebody who can sign in. */
export type Person = { email: string; password: string; name: string };

/** What the tests start from: an organisation with two companies, one with a few months of books. */
export type Bookkeeping = {
  owner: Person;
  tenant: string;
  tenantName: string;
  /** The client of the whole organisation. */
  tenantClient: Client;
  /** The company that keeps books. */
  company: { id: string; name: string };
  other: { id: string; name: string };
  customer: { id: string; name: string };
  /** The client of the company with the books. */
  books: Client;
};

/** The year before this one, whose periods are all over. */
export const year = new Date().getUTCFullYear() - 1;

let organisations = 0;

/** Signs an owner up and keeps a few months of books, through the server's own interface. */
export async function keepBooks(url: string): Promise<Bookkeeping> {
  organisations += 1;
  const owner = {
    email: `olive${organisations}@harbour.example`,
    password: 'seven copper lanterns drift',
    name: 'Olive Marsh',
  };
  const caller = openCaller(url);
  const names = { tenantName: `Harbour Bakery Group ${organisations}`, companyName: 'Harbour Bakery Ltd' };
  const { session } = await signUpByMail(url, { ...owner, ...names });
  const tenant = session.memberships[0]?.tenant.id ?? '';
  await caller.as({}).session.signIn({ email: owner.email, password: owner.password });
  const other = await caller.as({ tenant }).company.create({ name: 'Harbour Wholesale Ltd' });
  const { companies } = await caller.as({ tenant }).company.list({});
  const company = companies.find(({ id }) => id !== other.id);
  if (company === undefined) throw new Error('Sign-up made no company.');
  const scope: Scope = { tenant, company: company.id };
  const books = caller.as(scope);
  const customer = await fillBooks(books);
  const { tenantName } = names;
  return { owner, tenant, tenantName, tenantClient: caller.as({ tenant }), company, other, customer, books };
}

async function fillBooks({ books }: Client): Promise<{ id: string; name: string }> {
  await books.profiles.open({
    legalName: 'Harbour Bakery Ltd',
    currency: 'EUR',
    startsOn: `${year}-01-01`,
    timeZone: 'UTC',
  });
  const customer = await books.customers.create({
    code: 'QUAY',
    name: 'Quayside Café',
    city: 'Port Ellen',
    country: 'GB',
  });
  for (const month of [1, 2, 3]) {
    const draft = await books.invoices.create({
      customerId: customer.id,
      reference: `ORDER-${month}`,
      issuedOn: `${year}-0${month}-10`,
      dueOn: `${year}-0${month}-25`,
      lines: [
        { description: 'Sourdough, sliced', quantity: String(month * 12), unitPrice: '3.45', taxRate: '20' },
      ],
    });
    await books.invoices.submit({ id: draft.id });
  }
  return customer;
}
