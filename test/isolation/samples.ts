/**
 * What the catalog does not say about the tables of the platform and the books: values that pass their checks. A new
 * table needs an entry only where generic values fail, and then the matrix fails by its name until it has one.
 */
import type pg from 'pg';
import { quote, rowId, type Samples } from './rows.ts';
import { allWorlds } from './worlds.ts';

const euro = { currency: `'EUR'` };

const platform: Samples = {
  'tenants.tenant': {
    single: 'tenant_tenant_id_unique',
    insertable: false,
    updatable: ['name'],
    readers: ['identity'],
    loosened: ['tenant_is_its_own'],
  },
  'tenants.company': {},
  'identity.membership': {
    values: (n) => ({ account_id: rowId(n), role: `'member'` }),
    readers: ['identity'],
  },
  'identity.invite': {
    values: (n) => ({
      email_normalised: quote(`invited${n}@example.org`),
      role: `'member'`,
      invited_by: rowId(n),
    }),
  },
  'identity.api_key': {
    values: (n) => ({
      created_by: rowId(n),
      kind: `'api_key'`,
      hint: `'bhk_abcd'`,
      permissions: `'{tenants:tenant.read}'`,
    }),
  },
  // The worker's duties: metadata to fetch again, mail to deliver; their own tests show what it sees.
  'identity.saml_provider': { readers: ['worker'] },
  'mail.message': { readers: ['worker'] },
  'identity.operator_entry': {
    values: (n) => ({ account_id: rowId(n), mode: `'read'`, reason: `'Asked to look at it'` }),
  },
  'identity.connection': {
    values: () => ({
      protocol: `'oidc'`,
      config: `'{}'`,
      role_mapping: `'[]'`,
      unmapped: `'member'`,
      sync_roles: 'false',
    }),
    readers: ['identity'],
  },
  'identity.domain': {
    values: (n) => ({
      name: quote(`domain-${n}.example`),
      challenge: quote(n.toString(16).padStart(32, '0')),
    }),
    readers: ['identity'],
  },
  // The worker looks up proved domains of all tenants, and no tenant's role may read the table at all.
  'identity.domain_owner': { readers: ['worker'] },
  'identity.sign_in_policy': {
    single: 'sign_in_policy_one',
    values: () => ({ single_sign_on_required: 'false', break_glass_account_ids: `'{}'` }),
    readers: ['identity'],
  },
  'edge.allowed_origin': { values: (n) => ({ origin: quote(`https://o${n}.example`) }) },
  'billing.price': { values: (n) => ({ price_id: quote(`price_${n}`) }) },
  'billing.standing': {
    single: 'standing_one',
    values: () => ({ standing: `'good'`, grace_until: 'null', cancels: 'false' }),
  },
  'tenants.tenant_tier': {
    single: 'tenant_tier_one',
    values: () => ({ billed_tier: `'free'`, granted_tier: 'null' }),
  },
  // Its duty alone deletes what is too old.
  'tenants.usage_hour': {
    removable: false,
    values: (n) => ({
      hour: `timestamptz '2020-01-01 00:00Z' + ${n} * interval '1 hour'`,
      rate_class: `'read'`,
    }),
  },
  'webhooks.endpoint': { values: (n) => ({ url: quote(`https://hooks.example.com/${n}`) }) },
  'webhooks.source': { values: () => ({ scheme: `'svix'`, settings: `'{}'` }) },
};

const books: Samples = {
  'books.company_profile': {
    single: 'company_profile_company_unique',
    values: () => ({ ...euro, starts_on: `date '2020-01-01'` }),
  },
  'books.number_series': { single: 'number_series_kind_unique', values: () => ({ kind: `'invoice'` }) },
  'books.ledger_account': { values: (n) => ({ code: quote(String(10_000 + n)), type: `'income'` }) },
  'books.customer': { values: (n) => ({ code: quote(`C${n}`) }) },
  'books.invoice': {
    values: () => ({ ...euro, issued_on: `date '2024-01-01'`, due_on: `date '2024-02-01'` }),
  },
  'books.invoice_line': {
    values: (n) => ({ position: String(1 + (n % 200)), tax_rate: '20', net: '10', tax: '2' }),
    loosened: ['invoice_line_not_soft_deleted'],
  },
  'books.journal_entry': {
    values: () => ({ ...euro, invoice_id: 'null', reverses_id: 'null' }),
    loosened: ['journal_entry_kind_fits', 'journal_entry_not_deleted'],
  },
  'books.posting': { values: () => ({ ...euro, debit: '10' }), loosened: ['posting_not_deleted'] },
  'books.fiscal_period': { values: monthOf, loosened: ['fiscal_period_not_deleted'] },
  'books.sign_off': { single: 'sign_off_period_unique', loosened: ['sign_off_not_deleted'] },
};

/** A month of its own for each n, as the checks want it. */
function monthOf(n: number): Record<string, string> {
  const first = `(date '1970-01-01' + ${n % 2700} * interval '1 month')::date`;
  return { starts_on: first, ends_on: `(${first} + interval '1 month' - interval '1 day')::date` };
}

export const samples: Samples = { ...platform, ...books };

/** Accounts, tenants and companies, which the rows of every world refer to by ids that are given. */
export async function prepareModules(superuser: pg.Client): Promise<void> {
  await superuser.query(`
    insert into identity.account (id, email, email_normalised, name, created_at)
    select ('0c0ffee0-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, address, address, 'Somebody', now()
    from generate_series(1, 20000) n, lateral (select 'account' || n || '@example.org' as address) a`);
  await superuser.query('set session_replication_role = replica');
  for (const { tenant, company } of allWorlds) {
    await superuser.query(
      `insert into tenants.tenant (id, tenant_id, name) values ($1, $1, 'Tenant') on conflict do nothing`,
      [tenant],
    );
    await superuser.query(
      `insert into tenants.company (id, tenant_id, name) values ($2, $1, 'Company ' || $2::uuid) on conflict do nothing`,
      [tenant, company],
    );
  }
  await superuser.query('reset session_replication_role');
}

/**
 * Switches the modules' own triggers off, so that what refuses a statement is the kernel or a constraint: a business
 * rule that says no first would hide a missing wall.
 */
export async function quietModules(superuser: pg.Client): Promise<void> {
  const { rows } = await superuser.query<{ statement: string }>(`
    select format('alter table %s disable trigger %I', t.tgrelid::regclass, t.tgname) as statement
    from pg_trigger t join bulkhead.registered_table r on r.target = t.tgrelid
    where r.treatment = 'protected' and not t.tgisinternal and t.tgname not like 'bulkhead\\_%'`);
  for (const { statement } of rows) await superuser.query(statement);
  for (const [table, { loosened = [] }] of Object.entries(samples)) {
    for (const check of loosened) await superuser.query(`alter table ${table} drop constraint ${check}`);
  }
}
