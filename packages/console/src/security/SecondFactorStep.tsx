import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { extensionOf, readProblem } from '../problems/problem.ts';
import type { Session } from '../session/types.ts';
import { ProofForm, type Proof } from './ProofForm.tsx';

type SecondFactorStepProps = {
  /** Of `factor_required`. */
  challenge: string;
  onEnter: (session: Session) => Promise<void>;
  onRestart: () => void;
};

/** The challenge an error of a sign-in carries, when a second factor is due. */
export function challengeOf(error: unknown): string | undefined {
  const challenge = extensionOf(error, 'challenge');
  return readProblem(error).code === 'factor_required' && typeof challenge === 'string'
    ? challenge
    : undefined;
}

/** The challenge in the page's fragment, where a sign-in through a link or a provider leaves it. */
export function challengeInAddress(): string | undefined {
  return new URLSearchParams(window.location.hash.slice(1)).get('challenge') ?? undefined;
}

/** Takes the challenge out of the address, so that it stays in no history. */
export function clearAddress(): void {
  if (challengeInAddress() === undefined) return;
  const { pathname, search } = window.location;
  window.history.replaceState(window.history.state, '', pathname + search);
}

/** The second step of a sign-in. */
export function SecondFactorStep({ challenge, onEnter, onRestart }: SecondFactorStepProps) {
  const { account } = useApiContext();
  useEffect(clearAddress, []);
  const pending = useQuery(
    account.query.session.pending.queryOptions({ input: { challenge }, retry: false, staleTime: Infinity }),
    account.cache,
  );
  async function prove(proof: Proof): Promise<void> {
    if (proof.kind === 'password') return;
    await onEnter(await account.client.session.completeFactor({ challenge, proof }));
  }
  return (
    <>
      {pending.error === null ? null : <ProblemNotice error={pending.error} />}
      {pending.data === undefined ? null : (
        <ProofForm
          ways={pending.data.factors}
          action="Sign in"
          passkeyOptions={() => account.client.session.pendingPasskeyOptions({ challenge })}
          onProof={prove}
        />
      )}
      <Button variant="subtle" size="compact-sm" fullWidth mt="sm" onClick={onRestart}>
        Start again
      </Button>
    </>
  );
}
