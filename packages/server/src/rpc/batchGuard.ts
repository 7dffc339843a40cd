import type { Context } from '@orpc/server';
import type { StandardHandlerOptions, StandardHandlerPlugin } from '@orpc/server/standard';
import * as z from 'zod';
import type { Refusal } from '../problem/problem.ts';
import type { RequestScope } from './scope.ts';

/** One refused batch, for the counter and the audit ledger. */
export type BatchRefusal = {
  scope: RequestScope;
  /** The tenant the request acts in; undefined when it names none and nobody is signed in. */
  tenant: string | undefined;
  /** The tenant each member names, in its order; undefined where it names none. */
  named: readonly (string | undefined)[];
};

export type BatchGuardOptions = {
  /** Members a batch may have, at least 1. */
  maxMembers: number;
  /** The one tenant of whoever sends a request, which it acts in without naming it; rejects with bad credentials. */
  homeOf: (scope: RequestScope) => Promise<string | undefined>;
  /** Told of every batch refused for naming another tenant, before the answer goes out. */
  onRefused: (refusal: BatchRefusal) => Promise<void>;
  /** How a refusal is answered. */
  answer: (refusal: Refusal, scope: RequestScope) => BatchAnswer;
};

export type BatchAnswer = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
};

const member = z.strictObject({
  method: z.literal('POST').optional(),
  url: z.url().max(2000),
  headers: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  body: z.unknown().optional(),
});

const placementHeader = /^bulkhead-/i;
const tenantHeader = 'bulkhead-tenant';
const companyHeader = 'bulkhead-company';
const tenantField = /^tenant_?id$/i;

/**
 * Reads a whole batch before anything of it runs and refuses it whole when a member names another
 * tenant than the request does, in a header of its own or in its input (ISO-9). Must be plugged
 * in beside oRPC's batch plug-in, which it runs in front of.
 */
export class BatchGuardPlugin<
  T extends Context & { scope: RequestScope },
> implements StandardHandlerPlugin<T> {
  /** Above the batch plug-in's 5,000,000: plug-ins with a higher order wrap those with a lower. */
  readonly order = 6_000_000;
  readonly #options: BatchGuardOptions;
  #refused = 0;

  constructor(options: BatchGuardOptions) {
    this.#options = options;
  }

  /** Batches refused for naming another tenant, since the start. */
  get refused(): number {
    return this.#refused;
  }

  init(handler: StandardHandlerOptions<T>): void {
    handler.rootInterceptors ??= [];
    handler.rootInterceptors.unshift(async (call) => {
      if (call.request.headers['x-orpc-batch'] === undefined) return call.next();
      const { scope } = call.context;
      const refusal = await this.#judge(await call.request.body(), scope);
      if (refusal === undefined) return call.next();
      scope.outcome.code = refusal.code;
      return { matched: true, response: this.#options.answer(refusal, scope) };
    });
  }

  async #judge(body: unknown, scope: RequestScope): Promise<Refusal | undefined> {
    const { maxMembers, homeOf, onRefused } = this.#options;
    if (!Array.isArray(body) || body.length === 0) return malformed;
    if (body.length > maxMembers) return tooLarge(maxMembers);
    const members = z.array(member).safeParse(body);
    if (!members.success) return malformed;
    const company = scope.placement.company?.toLowerCase();
    // A credential that is refused places the batch nowhere; each member is then answered that refusal.
    const tenant = scope.placement.tenant?.toLowerCase() ?? (await homeOf(scope).catch(() => undefined));
    const named = members.data.map((one) => tenantsNamed(one).find((name) => name !== tenant));
    if (named.some((name) => name !== undefined)) {
      this.#refused += 1;
      await onRefused({ scope, tenant, named });
      return straddling;
    }
    return members.data.some((one) => isMisplaced(one, company)) ? misplaced : undefined;
  }
}

type Member = z.output<typeof member>;

/** Every tenant a member names, in a header of its own or anywhere in its input. */
function tenantsNamed({ headers = {}, body }: Member): string[] {
  const named = headersNamed(headers, tenantHeader);
  const pending: unknown[] = [body];
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) continue;
    for (const [key, value] of Object.entries(next)) {
      if (tenantField.test(key)) named.push(String(value).toLowerCase());
      pending.push(value);
    }
  }
  return named;
}

/** A member runs where the request runs; one that asks for another place would not get it. */
function isMisplaced({ headers = {} }: Member, company: string | undefined): boolean {
  return Object.keys(headers).some((name) => {
    if (!placementHeader.test(name) || name.toLowerCase() === tenantHeader) return false;
    if (name.toLowerCase() !== companyHeader) return true;
    return headersNamed(headers, companyHeader).some((value) => value !== company);
  });
}

function headersNamed(headers: NonNullable<Member['headers']>, wanted: string): string[] {
  return Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === wanted)
    .flatMap(([, value]) => value)
    .map((value) => value.toLowerCase());
}

const straddling: Refusal = {
  status: 403,
  code: 'batch_straddles_tenants',
  message: 'The batch names more than one tenant, so none of it was done.',
};
const misplaced: Refusal = {
  status: 400,
  code: 'batch_member_placed',
  message: 'Name the company on the batch, not on its members.',
};
const malformed: Refusal = {
  status: 400,
  code: 'batch_malformed',
  message: 'This is not a batch of POST requests.',
};

function tooLarge(maxMembers: number): Refusal {
  return {
    status: 413,
    code: 'batch_too_large',
    message: `A batch has at most ${maxMembers} members.`,
  };
}
