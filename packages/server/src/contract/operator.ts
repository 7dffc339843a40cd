import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { done, instant, nothing, uuid } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Operators'];
const mode = z.enum(['read', 'change']);

/** An operator's own view of a stay. */
export const stay = z.object({
  id: uuid,
  tenant: z.object({ id: uuid, name: z.string() }),
  mode,
  reason: z.string(),
  expiresAt: instant,
  permissions: z.array(z.string()),
});

/** A stay as the tenant sees it. */
export const visit = z.object({
  id: uuid,
  operatorName: z.string(),
  mode,
  reason: z.string(),
  enteredAt: instant,
  expiresAt: instant,
  /** When it was ended before its time; null = it was not. */
  endedAt: instant.nullable(),
});

export const operatorContract = {
  tenants: procedure({ permission: 'signed-in', operator: true, rate: 'read' })
    .route({
      method: 'GET',
      path: '/operator/tenants',
      summary: 'Operators: find a tenant by its name',
      tags,
    })
    .input(z.strictObject({ part: z.string().trim().min(2).max(100) }))
    .output(z.object({ tenants: z.array(z.object({ id: uuid, name: z.string() })) })),

  /** The tenant sees it at once, with the reason, and may end it. */
  enter: procedure({ permission: 'signed-in', operator: true, rate: 'write', stepUp: true })
    .route({
      method: 'POST',
      path: '/operator/stays',
      summary: 'Operators: enter a tenant for a reason and a time',
      tags,
      successStatus: 201,
    })
    .input(
      z.strictObject({
        tenant: uuid,
        reason: z.string().trim().min(10).max(500),
        mode: mode.default('read'),
        minutes: z.int().min(1).max(240).default(60),
      }),
    )
    .output(stay)
    .errors(platformErrorMap('operator_entered', 'tenant_missing', 'input_invalid')),

  stay: procedure({ permission: 'signed-in', operator: true, rate: 'read' })
    .route({ method: 'GET', path: '/operator/stays/{tenant}', summary: 'Operators: the live stay', tags })
    .input(z.strictObject({ tenant: uuid }))
    .output(z.object({ stay: stay.nullable() })),

  leave: procedure({ permission: 'signed-in', operator: true, rate: 'write' })
    .route({ method: 'DELETE', path: '/operator/stays/{tenant}', summary: 'Operators: leave a tenant', tags })
    .input(z.strictObject({ tenant: uuid }))
    .output(done)
    .errors(platformErrorMap('operator_entry_missing')),

  visits: procedure({ permission: 'tenants:tenant.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/operator-visits',
      summary: "Who from the service's staff is, or was, in this tenant",
      tags,
    })
    .input(nothing)
    .output(z.object({ visits: z.array(visit) })),

  showOut: procedure({ permission: 'access:member.change', rate: 'write', scope: 'tenant' })
    .route({ method: 'DELETE', path: '/operator-visits/{id}', summary: "End an operator's stay", tags })
    .input(z.strictObject({ id: uuid }))
    .output(done)
    .errors(platformErrorMap('operator_entry_missing')),
};
