import { join } from 'node:path';
import { keepSecret } from '../data-folder/secretFile.ts';

/** The roles that connect, without their prefix `bulkhead_`. */
export const roles = ['owner', 'app', 'identity', 'worker', 'auditor'] as const;

export type Role = (typeof roles)[number];

export type Passwords = Readonly<Record<Role, string>>;

/** The file that holds a role's password. */
export function passwordFile(secrets: string, role: Role): string {
  return join(secrets, `database-${role}`);
}

/** The passwords of all roles, made where they are missing. */
export async function keepPasswords(secrets: string): Promise<Passwords> {
  const pairs = await Promise.all(
    roles.map(async (role) => [role, await keepSecret(passwordFile(secrets, role))] as const),
  );
  return Object.fromEntries(pairs) as Passwords;
}
