import { useState } from 'react';
import { readProblem } from '../problems/problem.ts';

type Refusable = { error: unknown; refetch: () => Promise<{ isSuccess: boolean }> };

/**
 * Whether the person has to add a second factor first, by how a tenant answers. Stays so until they go on, also when
 * the answer has changed meanwhile: the codes that come with a first factor are shown once.
 */
export function useEnrolment({ error, refetch }: Refusable): { enrolling: boolean; goOn: () => void } {
  const [enrolling, setEnrolling] = useState(false);
  const due = error !== null && readProblem(error).code === 'second_factor_required';
  if (due && !enrolling) setEnrolling(true);
  function goOn(): void {
    void refetch().then(({ isSuccess }) => setEnrolling(!isSuccess));
  }
  return { enrolling, goOn };
}
