import { Button, Loader, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useApiContext } from '../client/ApiProvider.tsx';
import { ProblemNotice } from '../problems/ProblemNotice.tsx';
import { EntryFrame } from '../session/EntryFrame.tsx';
import { isProviderPath, proofWanted, takeStep, type Step } from './step.ts';

/** Leads a person through what an application of the house asks before it lets them in. */
export function ApplicationSignInPage() {
  const { interaction = '' } = useSearch({ from: '/application-sign-in' });
  const { step, error, go, pending } = useSteps(interaction);
  if (error !== null) {
    return (
      <EntryFrame
        title="Sign in to an application"
        foot="You can also go back to the application and start again."
      >
        <ProblemNotice error={error} onRetry={() => go(undefined)} />
      </EntryFrame>
    );
  }
  if (step?.next === 'expired') {
    return (
      <EntryFrame title="This sign-in has run out" foot="Your session here is not affected.">
        <p>Go back to the application and start again.</p>
      </EntryFrame>
    );
  }
  if (step?.next === 'choose') {
    return (
      <EntryFrame title="Choose an organisation" foot={`${step.application} will act in the one you choose.`}>
        <Stack gap="xs">
          {step.organisations.map(({ id, name }) => (
            <Button key={id} variant="default" fullWidth loading={pending} onClick={() => go(id)}>
              {name}
            </Button>
          ))}
        </Stack>
      </EntryFrame>
    );
  }
  return (
    <EntryFrame title="Signing you in" foot="One moment.">
      <output aria-label="Signing you in">
        <Loader />
      </output>
    </EntryFrame>
  );
}

/** Takes steps until the browser leaves for the application, or the person has to say something. */
function useSteps(interaction: string) {
  const { stepUp } = useApiContext();
  const navigate = useNavigate();
  const [step, setStep] = useState<Step | null>(null);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (tenant: string | undefined) =>
      stepUp.through(async () => {
        const taken = await takeStep(interaction, tenant);
        if (taken.next === 'prove_again') throw proofWanted(taken.acceptable);
        return taken;
      }),
    onSuccess: async (taken) => {
      if (taken.next === 'continue' && isProviderPath(taken.location)) {
        window.location.assign(taken.location);
      } else if (taken.next === 'sign_in') {
        const here = `/application-sign-in?interaction=${encodeURIComponent(interaction)}`;
        await navigate({ to: '/sign-in', search: { return: here }, replace: true });
      } else {
        setStep(taken);
      }
    },
  });
  // Once a visit: React runs effects twice while developing, and a step is taken by the server.
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    mutate(undefined);
  }, [mutate]);
  return { step, error, go: mutate, pending: isPending };
}
