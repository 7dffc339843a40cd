import { isIP } from 'node:net';
import * as z from 'zod';
import { setting } from './setting.ts';

/** `10.1.0.0/16:8443`, `127.0.0.1/32:4100`, `fd00::/8:8443` */
const targetForm = /^(?<range>[0-9A-Fa-f.:]+\/[0-9]{1,3}):(?<port>[0-9]{1,5})$/;

const targets = z
  .union([z.array(z.string()), z.string().transform((value) => value.split(','))])
  .transform((values) => values.map((value) => value.trim()).filter((value) => value !== ''))
  .refine(
    (values) => values.every((value) => readTarget(value) !== undefined),
    'must be ranges with a port, such as 10.1.0.0/16:8443',
  )
  .transform((values) =>
    values.flatMap((value) => {
      const target = readTarget(value);
      return target === undefined ? [] : [target];
    }),
  );

function readTarget(value: string): { range: string; ports: number[] } | undefined {
  const { range = '', port = '' } = targetForm.exec(value)?.groups ?? {};
  const [address = '', bits = ''] = range.split('/');
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const isRange = version !== 0 && Number(bits) <= longest;
  return isRange && Number(port) >= 1 && Number(port) <= 65_535
    ? { range, ports: [Number(port)] }
    : undefined;
}

/** The identity provider for applications of the same house. */
export const provider = z.strictObject({
  logoutTargets: setting(targets.prefault([]), {
    description:
      'Private places where registered applications may be told of a log-out, as ranges with a port (`10.1.0.0/16:8443`), separated by commas. Everything else must be a public address.',
    otherwise: 'public addresses only',
  }),
});
