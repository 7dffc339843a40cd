import type { AttackTitle } from '../types.ts';

export const observing: AttackTitle = {
  id: 'observe',
  title: "tell from an answer whether the other tenant's row is there",
  threat: 'tenant',
  cites: ['PRO-2', 'T-6', 'T-7'],
};

export const changing: AttackTitle = {
  id: 'change',
  title: "change the other tenant's row by a call",
  threat: 'tenant',
  cites: ['PRO-2', 'T-7'],
};

export const fresh: AttackTitle = {
  id: 'fresh session',
  title: 'read in a session that never said for whom',
  threat: 'tenant',
  cites: ['PRO-2', 'ISO-3', 'T-16'],
};

export const stale: AttackTitle = {
  id: 'stale context',
  title: "act under the other tenant's context after its transaction",
  threat: 'tenant',
  cites: ['PRO-2', 'ISO-4', 'T-16'],
};

export const residue: AttackTitle = {
  id: 'residue',
  title: 'find what another client left in a pooled session',
  threat: 'tenant',
  cites: ['PRO-3', 'ISO-4', 'T-17'],
};
