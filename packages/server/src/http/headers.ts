const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** Features a business page has no use for, switched off for the page and what it may embed. */
const permissionsPolicy = [
  'accelerometer',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'usb',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

/** Two years, in seconds. */
const strictTransportAge = 63_072_000;

/**
 * Headers of every answer, errors and refused connections included. They are constant, so one
 * frozen table serves all of them (the answers Node gives to bytes that are no request, too,
 * which no plug-in sees).
 *
 * @param options.https true when people reach the server through TLS
 */
export function securityHeaders({ https }: { https: boolean }): Readonly<Record<string, string>> {
  return Object.freeze({
    // Unless a route knows better: what one account sees is nobody else's to keep.
    'cache-control': 'no-store',
    'content-security-policy': https
      ? `${contentSecurityPolicy}; upgrade-insecure-requests`
      : contentSecurityPolicy,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': permissionsPolicy,
    'referrer-policy': 'no-referrer',
    ...(https ? { 'strict-transport-security': `max-age=${strictTransportAge}; includeSubDomains` } : {}),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'x-permitted-cross-domain-policies': 'none',
  });
}
