import type { ModuleAccess } from '@bulkhead/platform/access';
import type { IdentityDependencies } from '@bulkhead/platform/identity';
import type { IsolationParts } from '../isolation/handlers.ts';

/** What the platform's handlers work with; one object for the life of a server. */
export type HandlerDependencies = {
  identity: IdentityDependencies;
  /** The platform's and every module's permissions and roles. */
  access: readonly ModuleAccess[];
  /** 32 bytes, the same on every server of one installation. */
  cursorKey: Uint8Array;
  isolation: IsolationParts;
};
