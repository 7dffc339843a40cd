/** Who a call is made for. */
export type ServiceUser = {
  tenant: string;
  /** Absent: every company of the tenant. */
  company?: string | undefined;
  actor: { kind: ActorKind; id: string; onBehalfOf?: string | undefined };
  /** What the actor may do there, as the issuer knows it: `<module>:<noun>.<verb>`, sorted, none twice. */
  permissions: readonly string[];
};

export type ActorKind = (typeof actorKinds)[number];

const actorKinds = ['account', 'api_key', 'service', 'job', 'operator', 'agent'] as const;

/** Everything a token says, its MAC aside. */
export type ServiceClaims = {
  keyId: string;
  /** Seconds since the epoch. */
  issuedAt: number;
  /** 32 lower-case hex digits. */
  id: string;
  issuer: string;
  audience: string;
  user: ServiceUser;
  /** SHA-256 of the request, 64 lower-case hex digits. */
  request: string;
};

/** Longest header value that is looked at. */
export const longestToken = 8192;

const uuid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const service = '[a-z][a-z0-9-]{0,62}';
const fields = [
  'bu1',
  '([0-9a-f]{8})',
  '([1-9][0-9]{0,11})',
  '([0-9a-f]{32})',
  `(${service})`,
  `(${service})`,
  `(${uuid})`,
  `(${uuid}|\\*)`,
  `(${actorKinds.join('|')})`,
  `(${uuid})`,
  `(${uuid}|-)`,
  '([A-Za-z0-9_-]+)',
  '([0-9a-f]{64})',
];
const tokenForm = new RegExp(`^(${fields.join('\\.')})\\.([0-9a-f]{64})$`);
const payloadForm = new RegExp(`^${fields.join('\\.')}$`);
const permissionForm = /^[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$/;

/**
 * The bytes the MAC covers.
 *
 * @throws TypeError when a value has not the form the specification gives it
 */
export function writeClaims(claims: ServiceClaims): string {
  const { user } = claims;
  const { actor } = user;
  if (actor.kind === 'agent' && actor.onBehalfOf === undefined) {
    throw new TypeError('an agent acts on behalf of an account');
  }
  const payload = [
    'bu1',
    claims.keyId,
    String(claims.issuedAt),
    claims.id,
    claims.issuer,
    claims.audience,
    user.tenant,
    user.company ?? '*',
    actor.kind,
    actor.id,
    actor.onBehalfOf ?? '-',
    writePermissions(user.permissions),
    claims.request,
  ].join('.');
  if (payload.length + 65 > longestToken) throw new TypeError('a service token has at most 8192 characters');
  if (!payloadForm.test(payload)) throw new TypeError('a value of the service token has a wrong form');
  return payload;
}

/** The parts of a token in its one spelling; undefined for anything else. The MAC is not judged here. */
export function readToken(
  token: string,
): { payload: string; mac: string; claims: ServiceClaims } | undefined {
  if (token.length > longestToken) return undefined;
  const found = tokenForm.exec(token);
  if (found === null) return undefined;
  const [, payload = '', keyId = '', issuedAt = '', id = '', issuer = '', audience = '', ...rest] = found;
  const [
    tenant = '',
    company = '',
    kind = '',
    actor = '',
    onBehalfOf = '',
    list = '',
    request = '',
    mac = '',
  ] = rest;
  const permissions = readPermissions(list);
  if (permissions === undefined || (kind === 'agent' && onBehalfOf === '-')) return undefined;
  return {
    payload,
    mac,
    claims: {
      keyId,
      issuedAt: Number(issuedAt),
      id,
      issuer,
      audience,
      user: {
        tenant,
        ...(company === '*' ? {} : { company }),
        actor: { kind: kind as ActorKind, id: actor, ...(onBehalfOf === '-' ? {} : { onBehalfOf }) },
        permissions,
      },
      request,
    },
  };
}

function writePermissions(permissions: readonly string[]): string {
  if (permissions.length === 0) return '-';
  if (!areCanonical(permissions)) {
    throw new TypeError('permissions are <module>:<noun>.<verb>, sorted by code unit, none twice');
  }
  return Buffer.from(permissions.join(',')).toString('base64url');
}

function readPermissions(text: string): string[] | undefined {
  if (text === '-') return [];
  const bytes = Buffer.from(text, 'base64url');
  // One spelling only: base64url has several for the same bytes (T-41).
  if (bytes.toString('base64url') !== text) return undefined;
  const permissions = bytes.toString('latin1').split(',');
  return areCanonical(permissions) ? permissions : undefined;
}

function areCanonical(permissions: readonly string[]): boolean {
  return permissions.every(
    (permission, index) =>
      permissionForm.test(permission) && (index === 0 || (permissions[index - 1] ?? '') < permission),
  );
}
