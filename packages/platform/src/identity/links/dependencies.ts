import type { Mailer } from '../../mail/index.ts';
import type { IdentityDependencies } from '../dependencies.ts';

/** What links by mail work with: the identity slice, and who writes the letters. */
export type LinkDependencies = IdentityDependencies & { mailer: Mailer };
