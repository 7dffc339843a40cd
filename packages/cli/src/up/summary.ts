import type { TenantSignIns } from '../demo/cast.ts';
import type { Instance } from './bringUp.ts';

type SignIns = readonly TenantSignIns[];

function signInLines(signIns: SignIns): string[] {
  const all = signIns.flatMap(({ signIns: people }) => people);
  const [first] = all;
  if (first === undefined) return [];
  const width = Math.max(...all.map(({ email }) => email.length)) + 2;
  const tenants = signIns.flatMap(({ tenant, kind, signIns: people }) => [
    `    ${tenant}, ${kind}`,
    ...people.map(({ email, is }) => `      ${email.padEnd(width)}${is}`),
  ]);
  return ['', `  Sign in with the password  ${first.password}  as`, ...tenants];
}

const tries = [
  '',
  '  Try this',
  '    As the owner: submit an invoice, cancel it, and look at what the audit page says about it.',
  '    As the clerk: look for the second company. As the advisor: switch between two tenants.',
  '    Sign off a period, then try to post on or before its last day.',
  '    As the owner: open Lab, and steal another organisation’s secret by SQL injection.',
  '    Ask for a sign-in link, and read the mail on the page Mail. Add a passkey under Security.',
  '    Check the audit log as an auditor would: npx bulkhead audit verify --anchor .bulkhead/anchors',
];

/** What a person is told once everything is up. */
export function describeInstance(instance: Instance, signIns: SignIns): string {
  const { url, data, phases, demo } = instance;
  const seconds = ((phases['total'] ?? 0) / 1000).toFixed(1);
  return [
    '',
    `Bulkhead is up, after ${seconds} s.`,
    '',
    `  Console  ${instance.console ? url : 'not built'}`,
    `  API      ${url}/api/docs`,
    ...(data === undefined ? [] : [`  Data     ${data}`]),
    ...signInLines(signIns),
    ...(demo ? tries : []),
    '',
    `  Stop with Ctrl-C.${demo ? ' Begin anew with: npm start -- --reset' : ''}`,
    '',
  ].join('\n');
}
