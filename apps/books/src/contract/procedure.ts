import { oc } from '@orpc/contract';

/** How a procedure is guarded: the permission it needs and the class of rate limit it counts against. */
export type ProcedureMeta = {
  permission: `books:${string}`;
  rate: 'read' | 'write' | 'heavy';
};

/** Every books procedure starts here; `permission` and `rate` are what the server enforces. */
export const procedure = (permission: ProcedureMeta['permission'], rate: ProcedureMeta['rate'] = 'read') =>
  oc.$meta<ProcedureMeta>({ permission, rate });
