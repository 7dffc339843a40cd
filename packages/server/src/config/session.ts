import * as z from 'zod';
import { setting, whole } from './setting.ts';

/** How long a session is believed. */
export const session = z.strictObject({
  stepUpWithin: setting(whole(10_000, 86_400_000).default(600_000), {
    description:
      'Milliseconds after a sign-in or a step-up in which dangerous procedures ask for no further proof.',
  }),
});
