import { contentPolicy, reportingEndpoints } from './policy.ts';

/** Features a business page has no use for, switched off for the page and what it may embed. */
const permissionsPolicy = [
  'accelerometer',
  'autoplay',
  'camera',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'idle-detection',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'picture-in-picture',
  'screen-wake-lock',
  'serial',
  'sync-xhr',
  'usb',
  'xr-spatial-tracking',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

/** Two years, in seconds. */
const strictTransportAge = 63_072_000;

/**
 * Headers of every answer, errors and refused connections included. They are constant, so one
 * frozen table serves all of them (the answers Node gives to bytes that are no request, too,
 * which no plug-in sees). `deploy/caddy/Caddyfile` has them as well, for what Caddy answers by itself.
 *
 * @param options.https true when people reach the server through TLS
 */
export function securityHeaders({ https }: { https: boolean }): Readonly<Record<string, string>> {
  return Object.freeze({
    // Unless a route knows better: what one account sees is nobody else's to keep.
    'cache-control': 'no-store',
    'content-security-policy': contentPolicy({ https }),
    'cross-origin-embedder-policy': 'require-corp',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'permissions-policy': permissionsPolicy,
    'referrer-policy': 'no-referrer',
    'reporting-endpoints': reportingEndpoints,
    ...(https ? { 'strict-transport-security': `max-age=${strictTransportAge}; includeSubDomains` } : {}),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-permitted-cross-domain-policies': 'none',
  });
}
