import type { AttackEvent } from '../contract/isolation.ts';

export type AttackProgress = Extract<AttackEvent, { type: 'progress' }>;
export type AttackDone = Extract<AttackEvent, { type: 'done' }>;

/**
 * Attacks the server's own database as bulkhead_app, in transactions that are rolled back. The server may not know the
 * prover (ARCHITECTURE.md); who composes it, `bulkhead up`, brings it along.
 */
export type AttackEngine = (options: {
  onProgress: (progress: AttackProgress) => void;
  /** Ends the attack between two tables. */
  signal: AbortSignal;
}) => Promise<AttackDone>;
