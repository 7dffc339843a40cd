import * as z from 'zod';
import { flag, setting } from './setting.ts';

/** Where secrets may come from. */
export const secrets = z.strictObject({
  fromEnvironment: setting(flag.default(false), {
    description:
      'Accept secrets from the environment though `http.publicUrl` is https, for a platform that cannot mount files. Whatever reads the process’s environment, or an image it was baked into, then has them.',
  }),
});

/** Where a secret was found. */
export type SecretSource = {
  /** E.g. `mail.password`. */
  setting: string;
  /** E.g. `BULKHEAD_MAIL_PASSWORD`. */
  variable: string;
} & (
  | { from: 'environment' }
  | { from: 'file'; path: string; /** SHA-256 of the value that is used. */ digest: string }
);
