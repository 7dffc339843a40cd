import * as z from 'zod';
import { setting } from './setting.ts';

const rangeAddress = z.string().refine(isRangeAddress, 'must be off or an https address without query');

function isRangeAddress(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && url.search === '' && url.hash === '' && url.username === '';
}

/** How new passwords are judged. */
export const passwords = z.strictObject({
  breachCheck: setting(z.union([z.literal('off'), rangeAddress]).default('off'), {
    description:
      '`https://api.pwnedpasswords.com/range`, or the address of a service that speaks as it does: new passwords found in a breach are refused. It is told five digits of a hash. `off` asks nobody.',
  }),
});
