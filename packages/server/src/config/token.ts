import * as z from 'zod';
import { setting, whole } from './setting.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** Tokens for programs. */
export const token = z.strictObject({
  accessLifetime: setting(whole(minute, 60 * minute).default(10 * minute), {
    description:
      'Milliseconds an access token lives. This server notices an ended session within 5 seconds; a back end that verifies by the key set alone honours the token to its end.',
  }),
  refreshIdle: setting(whole(minute, 365 * day).default(14 * day), {
    description: 'Milliseconds a refresh token lives unused; never past the end of its session.',
  }),
  keyRotation: setting(whole(day, 3650 * day).default(30 * day), {
    description: 'Milliseconds after which another key signs access tokens.',
  }),
});
