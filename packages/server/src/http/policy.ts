import type { FastifyReply } from 'fastify';

/** Where browsers report what the policy stopped. */
export const reportPath = '/violation-reports';

/** Name of that place in `Reporting-Endpoints`. */
const reportGroup = 'violations';

/** `Reporting-Endpoints` (Reporting API section 3.2): where `report-to` leads. */
export const reportingEndpoints = `${reportGroup}="${reportPath}"`;

/**
 * The policy of every answer (CSP level 3). It runs no script at all; a page that has one says so with `allowScripts`.
 * Trusted Types: no text becomes markup or script anywhere, and no page may declare an exception.
 *
 * @param options.https true when people reach the server through TLS
 */
export function contentPolicy({ https }: { https: boolean }): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
    `report-uri ${reportPath}`,
    `report-to ${reportGroup}`,
    ...(https ? ['upgrade-insecure-requests'] : []),
  ].join('; ');
}

/** What a page adds to the policy of every answer. */
export type PageNeeds = {
  /** The page's scripts load others: modules, and what is imported when it is needed. */
  modules?: boolean;
  /** Further directives, e.g. `connect-src 'self'`. */
  directives?: readonly string[];
};

/**
 * Lets one page run the scripts that carry this nonce, and no other: an address is not enough, so nothing that can be
 * uploaded, reflected or found on this origin runs as a script.
 *
 * @param nonce at least 128 random bits in base64, new for each answer (CSP level 3 section 7.1)
 */
export function allowScripts(
  reply: FastifyReply,
  nonce: string,
  { modules = false, directives = [] }: PageNeeds = {},
): FastifyReply {
  const policy = String(reply.getHeader('content-security-policy'));
  return reply.header(
    'content-security-policy',
    [policy, scriptSource(nonce, { modules }), ...directives].join('; '),
  );
}

/** The directive that lets a nonce's scripts run. */
export function scriptSource(nonce: string, { modules = false }: { modules?: boolean } = {}): string {
  return `script-src 'nonce-${nonce}'${modules ? " 'strict-dynamic'" : ''}`;
}
