import type { AnyContractRouter } from '@orpc/contract';
import { implement } from '@orpc/server';
import type { AnyRouter } from '@orpc/server';
import type { TenantSession, TenantTransaction } from '@bulkhead/kernel';
import type { WebhookHandler } from '@bulkhead/platform/webhooks/in';
import type { ZodType } from 'zod';

export { progressEvents, type Work } from './progress.ts';

/** Who acts: a member, an operator during a stay, or a program with an API key (`service`: one that stands alone). */
export type RequestActor = { kind: 'account' | 'operator' | 'api_key' | 'service'; id: string; name: string };

/** What a handler behind a permission receives. Identity comes from here, never from the input. */
export type ModuleContext = {
  /** Data access bound to the request's tenant, company, actor and request id. */
  session: TenantSession;
  tenant: string;
  /** The company named by the request; absent = every company the membership includes. */
  company?: string;
  actor: RequestActor;
  /** Everything the actor may do in this tenant. */
  permissions: ReadonlySet<string>;
  requestId: string;
};

/** How the violation of a named constraint (or business rule raised in SQL) is answered. */
export type ModuleError = { status: number; code: string; message: string };

/** A role a module offers; members hold it beside their organisation role. */
export type ModuleRole = { description: string; permissions: readonly string[] };

/** An event that tenants' own systems may be told of by webhook. */
export type ModuleEvent = {
  /** When it happens, in one sentence. */
  description: string;
  /** Its `data`; documents it. */
  schema: ZodType;
};

/** A business module: everything the server needs to mount it. */
export type Module = {
  /** `[a-z][a-z0-9-]*`; prefixes the module's API paths (`/api/<name>/…`) and permissions. */
  name: string;
  /** Folder of the module's numbered SQL files, applied after the platform's. */
  migrations: URL | string;
  contract: AnyContractRouter;
  /** The contract, implemented: `implementContract(contract).router({ … })`. */
  router: AnyRouter;
  /** Permission `<name>:<noun>.<verb>` -> what it allows, as a sentence for the console. */
  permissions: Readonly<Record<string, string>>;
  /** Role `<name>:<role>` -> what it is for and which of `permissions` it gives. */
  roles: Readonly<Record<string, ModuleRole>>;
  /** Tables, schema-qualified, whose rows are documents to their users: invoices, entries. */
  documents?: readonly string[];
  /** Constraint name -> answer; the rest of the database's errors have one already. */
  errors?: Readonly<Record<string, ModuleError>>;
  /**
   * Type of an event that a tenant's webhook source sends -> what is done about it, in that tenant, in one transaction
   * with the word that it was processed.
   */
  webhooks?: Readonly<Record<string, WebhookHandler<TenantTransaction>>>;
  /**
   * Event `<noun>.<verb>` -> what it tells. Sent as `<name>.<noun>.<verb>` by whoever calls
   * `webhooks.emit('<name>.<noun>.<verb>', company, data)` in SQL, in the transaction in which it happens.
   */
  events?: Readonly<Record<string, ModuleEvent>>;
};

/**
 * Checks a module's declarations against each other.
 *
 * @throws {Error} naming the module and the declaration that does not fit
 */
export function defineModule(module: Module): Module {
  if (!/^[a-z][a-z0-9-]*$/.test(module.name)) {
    throw new Error(`Module name "${module.name}" must match [a-z][a-z0-9-]*.`);
  }
  for (const permission of Object.keys(module.permissions)) {
    if (!new RegExp(`^${module.name}:[a-z][a-z0-9-]*\\.[a-z][a-z0-9-]*$`).test(permission)) {
      throw new Error(
        `Module ${module.name}: permission "${permission}" must be ${module.name}:<noun>.<verb>.`,
      );
    }
  }
  for (const [role, { permissions }] of Object.entries(module.roles)) {
    if (!new RegExp(`^${module.name}:[a-z][a-z0-9-]*$`).test(role)) {
      throw new Error(`Module ${module.name}: role "${role}" must be ${module.name}:<role>.`);
    }
    const unknown = permissions.find((permission) => !Object.hasOwn(module.permissions, permission));
    if (unknown !== undefined) {
      throw new Error(
        `Module ${module.name}: role "${role}" gives "${unknown}", which the module does not declare.`,
      );
    }
  }
  const unfit = Object.keys(module.events ?? {}).find(
    (event) => !/^[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/.test(event),
  );
  if (unfit !== undefined) throw new Error(`Module ${module.name}: event "${unfit}" must be <noun>.<verb>.`);
  return Object.freeze({ ...module });
}

/** Starts the implementation of a contract whose handlers receive {@link ModuleContext}. */
export function implementContract<Contract extends AnyContractRouter>(contract: Contract) {
  return implement(contract).$context<ModuleContext>();
}
