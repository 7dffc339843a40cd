import { PlatformError } from '../errors.ts';
import type { IdentityDependencies } from './dependencies.ts';
import { acceptablePassword, type PasswordContext } from './passwordPolicy.ts';

/**
 * Judges a password that somebody wants to have from now on: by its form, and by whether it was found in a breach (OWASP
 * ASVS 5.0 V6.2.12). Nothing of it depends on an account being there.
 *
 * @param context.words beside the service's own
 * @returns the form to hash
 * @throws PlatformError password_short, password_long, password_invalid, password_common, password_breached
 */
export async function acceptNewPassword(
  { breachedPasswords, productWords }: Pick<IdentityDependencies, 'breachedPasswords' | 'productWords'>,
  password: string,
  context: PasswordContext,
): Promise<string> {
  const words = [...(context.words ?? []), ...productWords];
  const accepted = acceptablePassword(password, { ...context, words });
  if (await breachedPasswords.isBreached(accepted)) {
    throw new PlatformError('password_breached', { field: 'password' });
  }
  return accepted;
}
