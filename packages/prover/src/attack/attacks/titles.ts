import type { AttackTitle } from '../types.ts';

export const observing: AttackTitle = {
  id: 'observe',
  title: "tell from an answer whether the other tenant's row is there",
  threat: 'tenant',
  cites: ['PRO-3', 'T-6', 'T-7'],
};

export const changing: AttackTitle = {
  id: 'change',
  title: "change the other tenant's row by a call",
  threat: 'tenant',
  cites: ['PRO-3', 'T-7'],
};
