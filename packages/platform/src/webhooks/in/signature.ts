import type { GenericSettings, Signature, SignedRequest, WebhookScheme } from './source.ts';

const seconds = /^[0-9]{1,11}$/;
/** Visible ASCII without a dot, which separates what Standard Webhooks signs. */
const dotless = /^[!-\-/-~]{1,255}$/;
const mostCandidates = 10;
const longestHeader = 4096;

/**
 * Reads the signature of a request by its scheme; verifies nothing.
 *
 * @returns undefined when a header is absent, was sent twice, or does not have exactly the form of its scheme
 */
export function readSignature(
  { scheme, settings }: { scheme: WebhookScheme; settings?: GenericSettings | undefined },
  request: SignedRequest,
): Signature | undefined {
  switch (scheme) {
    case 'stripe':
      return readStripe(request);
    case 'standard':
      return readStandard(request, 'webhook');
    case 'svix':
      return readStandard(request, 'svix');
    case 'generic':
      return settings === undefined ? undefined : readGeneric(request, settings);
    default:
      return undefined;
  }
}

/** `t=1700000000,v1=<hex>,v1=<hex>,v0=…` (docs.stripe.com/webhooks, "Verify manually"). */
function readStripe({ header }: SignedRequest): Signature | undefined {
  const value = header('stripe-signature');
  if (value === undefined || value.length > longestHeader) return undefined;
  const pairs = value.split(',').map((pair) => {
    const [name, text, ...rest] = pair.split('=');
    return rest.length > 0 ? ['', ''] : [name, text ?? ''];
  });
  const times = pairs.filter(([name]) => name === 't').map(([, text]) => text ?? '');
  const candidates = pairs.filter(([name]) => name === 'v1').map(([, text]) => text ?? '');
  const [time] = times;
  if (time === undefined || times.length > 1 || !seconds.test(time)) return undefined;
  return bounded({ before: `${time}.`, timestamp: Number(time), candidates, encoding: 'hex' });
}

/** Standard Webhooks 1.0: `<prefix>-id`, `-timestamp`, `-signature: v1,<base64> v1,<base64> v1a,…`. */
function readStandard({ header }: SignedRequest, prefix: 'webhook' | 'svix'): Signature | undefined {
  const id = header(`${prefix}-id`);
  const time = header(`${prefix}-timestamp`);
  const value = header(`${prefix}-signature`);
  if (id === undefined || time === undefined || value === undefined || value.length > longestHeader) {
    return undefined;
  }
  if (!dotless.test(id) || !seconds.test(time)) return undefined;
  const candidates = value
    .split(' ')
    .filter((entry) => entry.startsWith('v1,'))
    .map((entry) => entry.slice(3));
  return bounded({
    before: `${id}.${time}.`,
    timestamp: Number(time),
    candidates,
    encoding: 'base64',
    id,
  });
}

function readGeneric({ header }: SignedRequest, settings: GenericSettings): Signature | undefined {
  const { signatureHeader, encoding, prefix = '', timestampHeader, signed } = settings;
  const value = header(signatureHeader);
  if (value === undefined || !value.startsWith(prefix)) return undefined;
  const candidates = [value.slice(prefix.length)];
  const before = signed.slice(0, -'{body}'.length);
  if (timestampHeader === undefined) return { before, timestamp: undefined, candidates, encoding };
  const time = header(timestampHeader);
  if (time === undefined || !seconds.test(time)) return undefined;
  return { before: before.replace('{timestamp}', time), timestamp: Number(time), candidates, encoding };
}

/** Each candidate costs a comparison; a signature has one, and two or three during a rotation. */
function bounded(signature: Signature): Signature | undefined {
  const { length } = signature.candidates;
  return length === 0 || length > mostCandidates ? undefined : signature;
}
