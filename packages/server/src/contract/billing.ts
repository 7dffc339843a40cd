import * as z from 'zod';
import { platformErrorMap } from './errors.ts';
import { instant, line, nothing } from './fields.ts';
import { procedure } from './procedure.ts';

const tags = ['Billing'];
const page = z.object({ url: z.string() });

export const billingContract = {
  standing: procedure({ permission: 'billing:subscription.read', rate: 'read', scope: 'tenant' })
    .route({
      method: 'GET',
      path: '/billing',
      summary: 'Read the tier and how it stands with its payment',
      tags,
    })
    .input(nothing)
    .output(
      z.object({
        /** none: no live subscription. grace: a payment failed, the tier stays for now. suspended: for too long. */
        standing: z.enum(['none', 'good', 'grace', 'suspended']),
        tier: z.object({ name: z.string(), title: z.string() }),
        /** The tier that is paid for. */
        paidTier: z.string().nullable(),
        graceUntil: instant.nullable(),
        periodEnd: instant.nullable(),
        /** Whether it ends then. */
        cancels: z.boolean(),
        hasCustomer: z.boolean(),
        /** What can be bought; nothing where this service does not bill. */
        offers: z.array(z.object({ tier: z.string(), title: z.string() })),
      }),
    )
    .errors(platformErrorMap('tier_missing')),

  checkout: procedure({ permission: 'billing:subscription.change', rate: 'heavy', scope: 'tenant' })
    .route({ method: 'POST', path: '/billing/checkout', summary: 'Open a checkout at Stripe', tags })
    .input(z.strictObject({ tier: line(40) }))
    .output(page)
    .errors(platformErrorMap('billing_unavailable', 'tier_missing')),

  portal: procedure({ permission: 'billing:subscription.change', rate: 'heavy', scope: 'tenant' })
    .route({
      method: 'POST',
      path: '/billing/portal',
      summary: 'Open Stripe’s page for cards and invoices',
      tags,
    })
    .input(nothing)
    .output(page)
    .errors(platformErrorMap('billing_unavailable', 'customer_missing')),
};
