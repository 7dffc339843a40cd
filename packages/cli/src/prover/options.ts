import type { Options } from '../command-line/command.ts';
import { keyOptions } from '../commands/keyOptions.ts';

export const presetNames = ['supabase', 'postgrest', 'setting', 'role', 'bulkhead'] as const;
export const failOnNames = ['critical', 'high', 'medium', 'low', 'info', 'never'] as const;

/** Options of the commands that look at a database they know nothing of. */
export const proverOptions = {
  database: {
    kind: 'text',
    placeholder: 'URL',
    summary:
      'postgres://user@host[:port]/name; may be the first word (default: DATABASE_URL, else the data folder’s own)',
  },
  preset: {
    kind: 'text',
    placeholder: 'NAME',
    summary: 'how tenants are usually told apart there; inferred where not given',
    choices: presetNames,
  },
  role: {
    kind: 'list',
    placeholder: 'ROLE',
    summary: 'a role that the application runs as, the first being the one to attack as',
  },
  schema: {
    kind: 'list',
    placeholder: 'NAME',
    summary: 'look at this schema only; else at all that the application reaches',
  },
  setting: {
    kind: 'text',
    placeholder: 'NAME[:TYPE]',
    summary: 'the session setting that holds the tenant, app.tenant_id:uuid',
  },
  claim: {
    kind: 'text',
    placeholder: 'PATH[:TYPE]',
    summary: 'the claim of request.jwt.claims that holds it, app_metadata.org_id:uuid',
  },
  'tenant-column': {
    kind: 'list',
    placeholder: '[TABLE=]COLUMN',
    summary: 'the column that says whose a row is, of one table or of every table that has it',
  },
  shared: { kind: 'list', placeholder: 'TABLE', summary: 'a table, schema.table, that all tenants may read' },
  config: {
    kind: 'text',
    placeholder: 'FILE',
    summary: 'these settings as JSON; what is given on the command line is stronger',
  },
  report: {
    kind: 'list',
    placeholder: 'FILE',
    summary: 'write the report there too, in the form that .txt, .json, .sarif or .html names',
  },
  baseline: { kind: 'text', placeholder: 'FILE', summary: 'what is known and accepted, with reasons' },
  'write-baseline': {
    kind: 'text',
    placeholder: 'FILE',
    summary: 'accept all that is found now, keeping reasons given earlier',
  },
  data: {
    kind: 'text',
    placeholder: 'DIR',
    summary: 'the data folder of Bulkhead’s own database',
    default: '.bulkhead',
  },
} as const satisfies Options;

const failOn = (summary: string) =>
  ({ kind: 'text', placeholder: 'SEVERITY', summary, choices: failOnNames }) as const;

export const scanOptions = {
  ...proverOptions,
  'fail-on': failOn('the least severity that fails; medium unless given'),
} as const satisfies Options;

export const attackOptions = {
  ...proverOptions,
  'fail-on': failOn(
    'what fails: critical, what any tenant can do (unless given); high, also what injected SQL can; low, also what ' +
      'tells numbers only',
  ),
  tenant: {
    kind: 'list',
    placeholder: 'ID',
    summary: 'a tenant in the data; give two, ours and theirs, or none and two are made',
  },
  findings: { kind: 'flag', summary: 'report what the scan finds, too' },
  'allow-exempt': {
    kind: 'flag',
    summary: 'attack as a role that no policy applies to, because the application does run as it',
  },
  timeout: {
    kind: 'number',
    placeholder: 'MS',
    summary: 'longest that one statement may take, in milliseconds',
    range: [100, 600_000],
    default: 5000,
  },
  ...keyOptions,
} as const satisfies Options;

export const proverExits = [
  ['0', 'proven: nothing was found, or nothing at or above --fail-on'],
  ['1', 'something was found or leaked'],
  ['2', 'nothing was found, but something could not be seen'],
  ['3', 'the command line cannot be understood, or the database not reached'],
] as const;
