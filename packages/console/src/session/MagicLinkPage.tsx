import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { challengeOf, SecondFactorStep } from '../security/SecondFactorStep.tsx';
import { EntryFrame } from './EntryFrame.tsx';
import { useLinkToken } from './linkToken.ts';
import { useEnter } from './useEnter.ts';

/** Signs in by a click, so that a program that looks through mail and opens its links spends none. */
export function MagicLinkPage() {
  const { account } = useApiContext();
  const enter = useEnter(undefined);
  const [token, forget] = useLinkToken('magic');
  const [challenge, setChallenge] = useState<string>();
  const redeem = useMutation({
    mutationFn: () => account.client.magicLink.redeem({ token }),
    onSuccess: async (session) => {
      forget();
      await enter(session);
    },
    onError: (error) => setChallenge(challengeOf(error)),
  });
  if (challenge !== undefined) {
    return (
      <EntryFrame title="One more step" foot={<Link to="/sign-in">Back to sign-in</Link>}>
        <SecondFactorStep challenge={challenge} onEnter={enter} onRestart={() => setChallenge(undefined)} />
      </EntryFrame>
    );
  }
  return (
    <EntryFrame title="Sign in" foot={<Link to="/email-link">Ask for another link</Link>}>
      {redeem.error === null ? null : <ProblemNotice error={redeem.error} />}
      <p>The link works once, in the browser in which you asked for it.</p>
      <Button fullWidth loading={redeem.isPending} onClick={() => redeem.mutate()}>
        Sign in
      </Button>
    </EntryFrame>
  );
}
