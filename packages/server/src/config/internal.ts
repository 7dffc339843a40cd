import * as z from 'zod';
import { key, password } from './secret.ts';
import { host, setting, whole } from './setting.ts';

/** Endpoints for the house's own services, on a listener of their own. */
export const internal = z
  .strictObject({
    host: setting(host.default('127.0.0.1'), { description: 'Address of the internal listener.' }),
    port: setting(whole(0, 65_535).optional(), {
      description: 'Port of the internal listener; 0 picks a free one.',
      otherwise: 'no internal listener',
    }),
    secret: setting(password.optional(), {
      description: 'What a service shows in `bulkhead-internal` to be answered there.',
      otherwise: 'required with a port',
      secret: true,
    }),
    previousSecret: setting(password.optional(), {
      description: 'The secret before the last rotation, accepted beside it.',
      otherwise: 'none',
      secret: true,
    }),
    userKeyId: setting(
      z
        .string()
        .regex(/^[0-9a-f]{8}$/, 'must be 8 lower-case hex digits')
        .optional(),
      { description: 'Id of the key that signs user tokens: 8 lower-case hex digits.', otherwise: 'none' },
    ),
    userKey: setting(key.optional(), {
      description: 'That key, shared with the services that verify: 32 random bytes as hex or base64.',
      otherwise: 'no user tokens are signed',
      secret: true,
    }),
  })
  .refine(({ port, secret }) => port === undefined || secret !== undefined, {
    message: 'is required with internal.port',
    path: ['secret'],
  })
  .refine(({ userKey, userKeyId }) => (userKey === undefined) === (userKeyId === undefined), {
    message: 'is given without its other half (id and key belong together)',
    path: ['userKeyId'],
  });
