import type { OrganisationRole } from './types.ts';

export const organisationRoles: { value: OrganisationRole; label: string; description: string }[] = [
  { value: 'owner', label: 'Owner', description: 'Everything, owners included.' },
  { value: 'admin', label: 'Admin', description: 'Everything except changing owners.' },
  { value: 'member', label: 'Member', description: 'What the roles below allow.' },
];

export const moduleRoles = [
  { value: 'books:accountant', label: 'Accountant', description: 'Submit, cancel, post, sign off.' },
  { value: 'books:clerk', label: 'Clerk', description: 'Customers, drafts and imports.' },
  { value: 'books:viewer', label: 'Viewer', description: 'Read the books.' },
] as const;

/** A role's name for reading; a role of a module unknown here is shown as it is. */
export function roleLabel(role: string): string {
  return [...organisationRoles, ...moduleRoles].find(({ value }) => value === role)?.label ?? role;
}
