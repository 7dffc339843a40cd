import { platformErrors } from '@bulkhead/platform/errors';
import type { ErrorKind, PlatformErrorCode } from '@bulkhead/platform/errors';
import * as z from 'zod';

/** What travels with a refusal. */
export const refusalData = z.looseObject({
  requestId: z.string().optional(),
  /** What to do instead. */
  detail: z.string().optional(),
  /** Places in the input that are wrong and why, never the values themselves. */
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  /** Seconds after which trying again makes sense. */
  retryAfter: z.number().optional(),
});

/** The status each kind of refusal becomes. */
export const statusOfKind = {
  invalid: 400,
  unauthenticated: 401,
  refused: 403,
  missing: 404,
  conflict: 409,
  busy: 503,
} as const satisfies Record<ErrorKind, number>;

/** Typed errors of a contract from the platform's catalogue of refusals. */
export function platformErrorMap<Code extends PlatformErrorCode>(
  ...codes: Code[]
): Record<Code, { status: number; message: string; data: z.ZodOptional<typeof refusalData> }> {
  const entries = codes.map((code) => {
    const { kind, message } = platformErrors[code];
    return [code, { status: statusOfKind[kind], message, data: refusalData.optional() }];
  });
  return Object.fromEntries(entries) as ReturnType<typeof platformErrorMap<Code>>;
}

/**
 * Errors any procedure may answer with. The key is the stable `code` of the problem document
 * (RFC 9457) and of the RPC error alike.
 */
export const commonErrors = {
  invalid_input: { status: 400, message: 'The input is not valid.', data: refusalData.optional() },
  tenant_required: { status: 400, message: 'Name the tenant in the bulkhead-tenant header.' },
  company_required: { status: 400, message: 'Name the company in the bulkhead-company header.' },
  ...platformErrorMap(
    'signed_out',
    'permission_refused',
    'second_factor_required',
    'single_sign_on_confined',
  ),
  row_refused: { status: 403, message: 'The row does not belong to this tenant or company.' },
  tenant_refused: { status: 403, message: 'You are not a member of this tenant.' },
  company_refused: { status: 403, message: 'Your membership does not include this company.' },
  not_found: { status: 404, message: 'There is no such thing, or you may not see it.' },
  already_exists: { status: 409, message: 'Something with this name or number already exists.' },
  still_referenced: { status: 409, message: 'Something else still refers to this.' },
  reference_missing: { status: 409, message: 'Something this refers to does not exist.' },
  retry: { status: 409, message: 'Another change came first. Try again.' },
  rate_limited: { status: 429, message: 'Too many requests. Try again later.', data: refusalData.optional() },
  invalid_value: { status: 422, message: 'A value breaks a rule of the data.' },
  timeout: { status: 503, message: 'The database took too long. Try again.' },
  database_unavailable: { status: 503, message: 'The database cannot be reached. Try again.' },
} as const;
