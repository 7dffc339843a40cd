import * as z from 'zod';

/** One problem with the input: where it is and what is wrong, never the value itself. */
export const issue = z.object({ path: z.string(), message: z.string() });

/**
 * Errors any procedure may answer with. The key is the stable `code` of the problem document
 * (RFC 9457) and of the RPC error alike.
 */
export const commonErrors = {
  invalid_input: {
    status: 400,
    message: 'The input is not valid.',
    data: z.object({ issues: z.array(issue) }),
  },
  tenant_required: {
    status: 400,
    message: 'Name the tenant in the bulkhead-tenant header.',
  },
  sign_in_required: { status: 401, message: 'Sign in first.' },
  permission_denied: { status: 403, message: 'Your role does not allow this.' },
  tenant_refused: { status: 403, message: 'You are not a member of this tenant.' },
  company_refused: { status: 403, message: 'Your membership does not include this company.' },
  not_found: { status: 404, message: 'There is no such thing, or you may not see it.' },
  already_exists: { status: 409, message: 'Something with this name or number already exists.' },
  still_referenced: { status: 409, message: 'Something else still refers to this.' },
  reference_missing: { status: 409, message: 'Something this refers to does not exist.' },
  retry: { status: 409, message: 'Another change came first. Try again.' },
  invalid_value: { status: 422, message: 'A value breaks a rule of the data.' },
  database_unavailable: { status: 503, message: 'The database cannot be reached. Try again.' },
} as const;
